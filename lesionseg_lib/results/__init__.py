"""Records -> what may be said."""
