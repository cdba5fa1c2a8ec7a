"""Targets for what the library writes itself and reads again: cards, records, checkpoints, manifests, caches."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from lesionseg_lib.cli.compare import comparison, recipe_settings
from lesionseg_lib.data.cache import parse_facts
from lesionseg_lib.errors import LesionSegError
from lesionseg_lib.experiments.packed_runs import PackedRun, listing_text, parse_listing
from lesionseg_lib.experiments.run_folder import read_logits
from lesionseg_lib.models.card import parse_card
from lesionseg_lib.results.records import read_record, read_table
from lesionseg_lib.training.checkpoints import Epoch, read_history, read_previews, saved_epochs
from lesionseg_lib.training.recipes import load_recipes
from lesionseg_lib.training.run_manifest import parse_manifest
from lesionseg_lib.utils.files import sha256_of
from lesionseg_lib.utils.schemas import SchemaError
from tests.helpers.records import make_record, make_table

ROWS = [asdict(Epoch(number, 0.5, 0.4, 0.7, 0.8, 1e-3, 1.0)) for number in (1, 2)]
CARD = {
    "format": 1, "recipe": "light", "threshold": 0.5, "size": [64, 96], "decoder": "light",
    "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225],
}  # fmt: skip


def card(path: Path) -> None:
    values = parse_card(path.read_bytes(), path)
    assert 0 <= values["threshold"] <= 1 and all(side % 32 == 0 < side for side in values["size"])


def record(path: Path) -> None:
    found, recipes = read_record(path), load_recipes()
    json.dumps(found, allow_nan=False)
    assert recipe_settings(recipes["light"], {0: found}) and comparison([], recipes, path.parents[1])


def table(path: Path) -> None:
    found = read_table(path)
    assert found["id"].is_unique and np.isfinite(found.drop(columns="id").to_numpy(float)).all()


def checkpoint(path: Path) -> None:
    assert saved_epochs(path.parent) >= 1


def history(path: Path) -> None:
    found = read_history(path.parent)
    assert [row.epoch for row in found] == list(range(1, len(found) + 1))


def previews(path: Path) -> None:
    ids, pictures = read_previews(path.parent)
    assert pictures.shape[1] == len(ids)


def logits(path: Path) -> None:
    ids, values = read_logits(path)
    assert len(values) == len(ids) and np.isfinite(values).all()


def manifest(path: Path) -> None:
    assert all(len(sha256) == 64 for sha256 in parse_manifest(path.read_bytes(), path).values())


def listing(path: Path) -> None:
    for run in parse_listing(path.read_bytes(), "runs.json"):
        assert (path.parent / run.file).parent == path.parent and run.file not in (".", "..")


def cache(path: Path) -> None:
    try:
        facts = parse_facts(path.read_bytes())
    except SchemaError as error:  # its caller builds the cache anew
        raise LesionSegError(str(error)) from error
    assert min(facts.size) >= 0


def as_json(values: Any) -> bytes:
    return (json.dumps(values, indent=1) + "\n").encode()


def of_arrays(save: Callable[..., None], **arrays: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    save(buffer, **arrays)
    return buffer.getvalue()


def cards() -> list[bytes]:
    return [as_json(CARD), as_json({**CARD, "format": 2, "sha256": "a" * 64})]


def records() -> list[bytes]:
    scores = np.array([0.5, 0.7])
    return [
        as_json({"format": 1, **make_record("light", 0, scores, history=ROWS)}),
        as_json({"format": 1, **make_record("light", 0, scores, epochs_run=0, best_epoch=0, official=None)}),
    ]


def tables() -> list[bytes]:
    found = make_table(np.array([0.5, 0.7]), "ab")
    return [text.encode() for text in (found.to_csv(index=False), found.assign(tp=[1, 2]).to_csv(index=False))]


def checkpoints() -> list[bytes]:
    state: dict[str, Any] = {
        "format": 1, "identity": json.dumps({"recipe": "light"}), "history": ROWS, "best_epoch": 1,
        "previews": torch.zeros(2, 1, 4, 4, dtype=torch.uint8), "model": {"weight": torch.ones(3)},
        "optimizer": {"state": {0: {"exp_avg": torch.ones(3)}}, "param_groups": [{"lr": 1e-3}]},
        "schedule": {"last_epoch": 2},
    }  # fmt: skip
    found = []
    for zipped in (True, False):
        buffer = io.BytesIO()
        torch.save(state, buffer, _use_new_zipfile_serialization=zipped)
        found.append(buffer.getvalue())
    return found


def histories() -> list[bytes]:
    lines = [",".join(ROWS[0]), *(",".join(map(str, row.values())) for row in ROWS)]
    return ["\r\n".join([*lines, ""]).encode()]


def manifests() -> list[bytes]:
    files = {"checkpoint.pt": "a" * 64, "best/model.json": "b" * 64}
    return [as_json({"format": 1, "files": files, "sha256": sha256_of(json.dumps(files, sort_keys=True).encode())})]


def listings() -> list[bytes]:
    run = PackedRun(
        recipe="light", seed=0, file="light-seed0.zip", sha256="a" * 64, bytes=12, weights="float16",
        pixels_changed=0.0, record_sha256="b" * 64,
    )  # fmt: skip
    return [listing_text([run]).encode()]


def caches() -> list[bytes]:
    arrays = {"images.uint8": "c" * 64, "masks.uint8": "d" * 64}
    facts = {"version": 3, "ids": ["a"], "size": [4, 6], "content_fingerprint": "e" * 64, "sha256": arrays}
    return [as_json(facts)]


def stacks() -> list[bytes]:
    pictures = np.zeros((2, 1, 4, 4), np.uint8)
    return [of_arrays(save, ids=np.array(["a"]), probabilities=pictures) for save in (np.savez, np.savez_compressed)]


def logit_files() -> list[bytes]:
    values = np.zeros((1, 4, 4), np.float16)
    return [of_arrays(save, ids=np.array(["a"]), logits=values) for save in (np.savez, np.savez_compressed)]
