"""A student's own numbers: HMAC-SHA256 of who and what for, under a key.

Two keys: the term's name, which is printed in the notebook, gives the variant that a student works on; the course's
secret gives the questions that marks depend on. Whoever has neither key of next term has none of its questions.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass

import numpy as np

from lesionseg_lib.errors import AssignmentError

_ID = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")


def student_id(text: object) -> str:
    """An id in its one form: small letters, digits, ``_``, ``.`` and ``-``, at most 64. Raises ``AssignmentError``."""
    found = str(text).strip().lower() if isinstance(text, str | int) else ""
    if not _ID.fullmatch(found):
        raise AssignmentError(
            f"student id {str(text)[:80]!r}: expected 1 to 64 letters (a to z), digits, '_', '.' or '-', beginning "
            "with a letter or digit. Use the id of your course, not your name."
        )
    return found


@dataclass(frozen=True, repr=False)
class Variant:
    """One student's random numbers for one assignment. Its text form shows no key."""

    assignment: str
    student: str
    key: bytes

    def digest(self, purpose: str) -> bytes:
        """32 bytes that depend on assignment, student, purpose and key."""
        text = "\0".join((self.assignment, self.student, purpose))
        return hmac.new(self.key, text.encode(), hashlib.sha256).digest()

    def rng(self, purpose: str) -> np.random.Generator:
        """Random numbers for one purpose: those of another purpose do not move when more are drawn here."""
        return np.random.default_rng(int.from_bytes(self.digest(purpose), "big"))

    def __repr__(self) -> str:
        return f"Variant({self.assignment!r}, {self.student!r})"


def public_variant(assignment: str, student: str, term: str) -> Variant:
    """What a student works on: the term's name is the key. Raises ``AssignmentError`` for an id of another form."""
    return Variant(assignment, student_id(student), b"term " + term.encode())


def secret_variant(assignment: str, student: str, secret: bytes) -> Variant:
    """What marks depend on. Raises ``AssignmentError``, also for a secret of fewer than 16 bytes."""
    if len(secret) < 16:
        raise AssignmentError(
            f"the course's secret has {len(secret)} bytes; expected 16 or more that nobody can guess."
        )
    return Variant(assignment, student_id(student), b"secret " + secret)
