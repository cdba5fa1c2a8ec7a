"""Recipe + data -> record."""
