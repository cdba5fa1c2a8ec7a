"""Assignments: what is asked, the zip that is handed in, the grader, and the check a student may run before."""
