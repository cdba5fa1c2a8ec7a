"""What is wrong with a value is said with field, value and what was expected."""

from __future__ import annotations

import pytest

from lesionseg_lib.utils.schemas import Count, Finite, Name, Schema, SchemaError, Sha256, Share, check, parse_json


class Part(Schema):
    count: Count
    share: Share = 0.5


class Whole(Schema):
    name: Name
    parts: list[Part]
    rate: Finite = 1.0
    digest: Sha256 | None = None


GOOD = {"name": "a", "parts": [{"count": 1}]}


def test_good_values_are_kept_as_they_are() -> None:
    assert check(Whole, GOOD).parts[0].share == 0.5
    assert check(Whole, {**GOOD, "rate": 2, "digest": "ab" * 32}).rate == 2


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": ""}, "name is '', expected"),
        ({"name": 5}, "name is 5, expected a valid string"),
        ({"parts": [{"count": "1"}]}, r"parts\[0\].count is '1', expected a valid integer"),
        ({"parts": [{"count": True}]}, r"parts\[0\].count is True, expected a valid integer"),
        ({"parts": [{"count": -1}]}, r"parts\[0\].count is -1, expected greater than or equal to 0"),
        ({"parts": [{}]}, r"lacks parts\[0\].count"),
        ({"parts": [{"count": 1, "share": 1.5}]}, r"share is 1.5, expected less than or equal to 1"),
        ({"parts": [{"count": 1, "share": float("nan")}]}, "share is nan, expected"),
        ({"rate": float("inf")}, "rate is inf, expected a finite number"),
        ({"rate": None}, "rate is None, expected a valid number"),
        ({"digest": "AB" * 32}, "digest is 'ABABA.*expected"),
        ({"other": 1}, "other is 1, expected no such field"),
        ({"parts": {"a": 1}}, "parts is .*, expected a valid list"),
    ],
)
def test_a_value_amiss_is_named(changes: dict[str, object], message: str) -> None:
    with pytest.raises(SchemaError, match=message):
        check(Whole, {**GOOD, **changes})


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (b'{"a": [1, NaN]}', r"a\[1\] is nan"),
        (b'{"a": {"b": -Infinity}}', r"a\.b is -inf"),
        (b'{"a": 1e999}', "a is inf"),
        (b"NaN", "the whole is nan"),
    ],
)
def test_what_is_not_finite_is_named_wherever_it_stands(content: bytes, place: str) -> None:
    with pytest.raises(SchemaError, match=place + ", expected a finite number"):
        parse_json(content)


def test_many_faults_are_counted_and_long_values_shortened() -> None:
    with pytest.raises(SchemaError) as caught:
        check(Whole, {"name": 5, "parts": [{"count": "x" * 10_000}] * 9})
    assert "and 7 more" in str(caught.value) and len(str(caught.value)) < 600


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"a":' * 100_000, b"nan", b"9" * 5_000])
def test_what_is_no_json_is_refused_by_one_kind_of_error(content: bytes) -> None:
    with pytest.raises(SchemaError):
        parse_json(content)
