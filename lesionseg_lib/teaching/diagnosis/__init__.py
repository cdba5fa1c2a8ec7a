"""Naming a student's mistake: one engine for the exercises and the clinic.

A *suspect* is a mistake as a function: it computes what somebody who makes it would answer (``suspects``). Suspects are
spanned by spaces, where every step of a computation may go right or wrong, so that mistakes combine; the engine asks
which of them explain all answers, and names the simplest (``engine``). ``scores``, ``losses`` and ``tables`` hold the
spaces that several exercises share, ``causes.toml`` the words. ``guard`` runs a student's code, ``reading`` takes
numbers out of what they hand in.
"""
