"""The card of a model: every value is checked, and says what is wrong with it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lesionseg_lib.errors import CheckpointError
from lesionseg_lib.models.card import CARD_NAME, MODEL_FORMAT, WEIGHTS_NAME, parse_card, read_card
from tests.helpers.damage import damages
from tests.helpers.values import wrong_types

CARD: dict[str, Any] = {
    "format": MODEL_FORMAT,
    "recipe": "light",
    "threshold": 0.5,
    "size": [64, 96],
    "decoder": "light",
    "mean": [0.485, 0.456, 0.406],
    "std": [0.229, 0.224, 0.225],
    "sha256": "ab" * 32,
}
PATH = Path("folder") / CARD_NAME


def parse(values: Any) -> dict[str, Any]:
    return parse_card(json.dumps(values).encode(), PATH)


def test_a_card_of_either_format_is_read() -> None:
    assert parse(CARD) == CARD
    first = {key: value for key, value in CARD.items() if key != "sha256"} | {"format": 1}
    assert parse(first) == first


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"size": [0, 0]}, r"size\[0\] is 0, expected greater than 0"),
        ({"size": [64]}, "size is .64., expected"),
        ({"size": [64, 64, 64]}, "size is"),
        ({"size": [65, 64]}, r"size\[0\] is 65, expected a multiple of 32"),
        ({"size": [64.0, 64.0]}, "expected a valid integer"),
        ({"size": [2**40, 64]}, "expected less than or equal to 8192"),
        ({"size": "ab"}, "size is 'ab', expected a valid list"),
        ({"threshold": "0.5"}, "threshold is '0.5', expected a valid number"),
        ({"threshold": None}, "threshold is None"),
        ({"threshold": 7}, "threshold is 7, expected less than or equal to 1"),
        ({"threshold": float("nan")}, "threshold is nan"),
        ({"std": [0, 0, 0]}, r"std\[0\] is 0, expected greater than or equal to 0.001"),
        ({"std": [58.4, 57.1, 57.4]}, r"std\[0\] is 58.4, expected less than or equal to 1"),
        ({"mean": "abc"}, "mean is 'abc', expected a valid list"),
        ({"mean": [0.5, 0.5]}, "mean is"),
        ({"decoder": ["x"]}, "decoder is .'x'., expected a valid string"),
        ({"recipe": ""}, "recipe is ''"),
        ({"sha256": None}, "expected a sha256 in format 2"),
        ({"sha256": "ab"}, "sha256 is 'ab'"),
        ({"format": 1}, "none in format 1"),
        ({"format": 3}, "format 3, expected 1 or 2"),
        ({"format": "2"}, "format '2', expected 1 or 2"),
        ({"format": True}, "format is True"),
        ({"more": 1}, "more is 1, expected no such field"),
    ],
)
def test_a_value_that_cannot_be_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(CheckpointError, match=message) as caught:
        parse({**CARD, **changes})
    assert str(PATH) in str(caught.value)


def test_no_field_may_have_another_type_or_be_missing() -> None:
    tried = 0
    for place, other, changed in wrong_types(CARD):
        with pytest.raises(CheckpointError):
            parse(changed)
            raise AssertionError(f"{place} may be {other!r}")
        tried += 1
    assert tried > 60
    for name in CARD:
        with pytest.raises(CheckpointError, match=name if name != "sha256" else "sha256 in format 2"):
            parse({key: value for key, value in CARD.items() if key != name})


def test_whatever_bytes_there_are_it_is_a_card_or_an_error() -> None:
    good = json.dumps(CARD, indent=2).encode()
    for _, content in damages(good, 60):
        try:
            values = parse_card(content, PATH)
        except CheckpointError:
            continue
        assert values.keys() == CARD.keys()  # a digit changed; the weights carry the card too


def test_a_folder_without_a_model_says_what_was_expected(tmp_path: Path) -> None:
    for prepare in (lambda: None, lambda: (tmp_path / WEIGHTS_NAME).write_bytes(b"")):
        prepare()
        with pytest.raises(CheckpointError, match="no saved model here. Expected model.safetensors and model.json"):
            read_card(tmp_path)
    (tmp_path / CARD_NAME).write_text(json.dumps(CARD))
    with pytest.raises(CheckpointError, match="trained by recipe 'light', expected 'dilated-all'"):
        read_card(tmp_path, "dilated-all")
    assert read_card(tmp_path) == CARD
