"""What a checkpoint must hold, and what is said where it does not."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
import torch

from lesionseg_lib.training.checkpoint_header import Unreadable, check_history, parse_checkpoint
from lesionseg_lib.utils.schemas import SchemaError
from tests.helpers.damage import damages

ROW = {
    "epoch": 1, "train_loss": 0.5, "validation_loss": 0.5, "validation_jaccard": 0.5, "validation_dice": 0.6,
    "learning_rate": 1e-3, "seconds": 1.0,
}  # fmt: skip
STATE: dict[str, Any] = {
    "format": 1,
    "identity": json.dumps({"name": "a"}),
    "history": [ROW, {**ROW, "epoch": 2}],
    "best_epoch": 2,
    "previews": torch.zeros(2, 1, 4, 4, dtype=torch.uint8),
    "model": {"w": torch.ones(3)},
    "optimizer": {"state": {0: {"exp_avg": torch.ones(3)}}, "param_groups": [{"lr": 1e-3}]},
    "schedule": {"last_epoch": 2},
}


def stored(state: Any) -> bytes:
    buffer = io.BytesIO()
    torch.save(state, buffer)
    return buffer.getvalue()


def test_a_whole_checkpoint_is_read() -> None:
    found = parse_checkpoint(stored(STATE))
    assert found["identity"] == {"name": "a"} and found["history"] == STATE["history"]


@pytest.mark.parametrize("part", sorted(STATE))
def test_a_part_that_is_missing_or_of_another_type_is_named(part: str) -> None:
    with pytest.raises(Unreadable, match=part):
        parse_checkpoint(stored({key: value for key, value in STATE.items() if key != part}))
    for other in (None, "text", 1.5, [1], torch.ones(2)):
        if part == "format":  # of another format only that is said, by who reads it
            continue
        with pytest.raises(Unreadable, match=part if part != "identity" else "identity|Expecting value"):
            parse_checkpoint(stored({**STATE, part: other}))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"best_epoch": 99}, "best_epoch is 99, expected one of the 2 epochs"),
        ({"best_epoch": 0}, "best_epoch is 0"),
        ({"history": [], "best_epoch": 0}, "expected one of the 0 epochs"),
        ({"history": [ROW, ROW]}, "epochs numbered from 1"),
        ({"history": [{**ROW, "train_loss": float("nan")}] * 2}, r"history\[0\].train_loss is nan"),
        ({"history": [{**ROW, "validation_jaccard": 1.5}]}, "validation_jaccard is 1.5"),
        ({"previews": torch.zeros(1, 1, 4, 4, dtype=torch.uint8)}, "previews has 1 epochs, expected 2"),
        ({"previews": torch.zeros(2, 1, 4, 4)}, "previews is not an array of bytes"),
        ({"model": {"w": torch.tensor([1.0, float("nan")])}}, "model.w has values that are not finite"),
        ({"optimizer": {"state": {0: {"a": torch.tensor(float("inf"))}}}}, "optimizer.state.0.a has values"),
        ({"schedule": {"base_lrs": [float("nan")]}}, r"schedule.base_lrs\[0\] is nan"),
        ({"identity": "{"}, "Expecting property name"),
        ({"identity": "[]"}, "identity is list"),
    ],
)
def test_a_value_that_cannot_be_is_named(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(Unreadable, match=message):
        parse_checkpoint(stored({**STATE, **changes}))


def test_of_another_format_the_identity_alone_is_looked_at() -> None:
    assert parse_checkpoint(stored({"format": 9, "identity": "{}"}))["format"] == 9


def test_whatever_bytes_there_are_it_is_a_state_or_an_error() -> None:
    for _, content in damages(stored(STATE), 30):
        try:
            assert parse_checkpoint(content).keys() == STATE.keys()
        except Unreadable:
            continue


def test_a_history_with_a_gap_is_refused() -> None:
    check_history([ROW])
    with pytest.raises(SchemaError, match="without a gap"):
        check_history([ROW, {**ROW, "epoch": 3}])
