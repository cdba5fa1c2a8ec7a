"""What runs beside a student's code, or just before it. Imports nothing of the library: it may not be there."""
