"""What stands around the library: the environment, the notebooks, the book. Run by the Makefile."""
