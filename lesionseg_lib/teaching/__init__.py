"""What only lessons use."""
