"""A student's numbers: the same every time, and nobody else's."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from lesionseg_lib.assignments.variants import Variant, public_variant, secret_variant, student_id
from lesionseg_lib.errors import AssignmentError


def test_the_digest_is_hmac_sha256_of_who_and_what_for() -> None:
    expected = hmac.new(b"term 2026", b"a1\0ann\0masks", hashlib.sha256).digest()
    assert public_variant("a1", "Ann ", "2026").digest("masks") == expected


def test_another_student_assignment_purpose_term_or_secret_gives_other_numbers() -> None:
    def drawn(variant: Variant, purpose: str = "p") -> float:
        return float(variant.rng(purpose).uniform())

    base = drawn(public_variant("a1", "ann", "2026"))
    assert base == drawn(public_variant("a1", "ann", "2026"))
    others = [
        drawn(public_variant("a1", "bob", "2026")), drawn(public_variant("a2", "ann", "2026")),
        drawn(public_variant("a1", "ann", "2027")), drawn(public_variant("a1", "ann", "2026"), "q"),
        drawn(secret_variant("a1", "ann", b"x" * 16)), drawn(secret_variant("a1", "ann", b"y" * 16)),
    ]  # fmt: skip
    assert len({base, *others}) == 7


def test_a_term_is_never_a_secret() -> None:
    """Whoever names the term after the secret's bytes gets other numbers than the grader."""
    term = "a term of sixteen"
    assert public_variant("a1", "ann", term).digest("p") != secret_variant("a1", "ann", term.encode()).digest("p")


def test_a_text_form_shows_no_key() -> None:
    assert "sixteen" not in repr(secret_variant("a1", "ann", b"sixteen bytes it is"))


@pytest.mark.parametrize("text", ["", " ", "../x", "a b", "a/b", "é", "x" * 65, "-a", None, ["a"], "a\0", "=cmd"])
def test_an_id_of_another_form_is_refused(text: object) -> None:
    with pytest.raises(AssignmentError, match="student id"):
        student_id(text)


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(AssignmentError, match="16 or more"):
        secret_variant("a1", "ann", b"short")
