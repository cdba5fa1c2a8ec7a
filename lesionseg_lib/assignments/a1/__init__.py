"""A1, Score it like the organisers: what is drawn, what is asked, and the checks that students run before."""
