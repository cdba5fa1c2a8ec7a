"""Controls that move a figure in a notebook."""
