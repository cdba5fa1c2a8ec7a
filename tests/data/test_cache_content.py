"""A cache belongs to the bytes of its photos, and its own bytes are checked."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lesionseg_lib.data import cache
from lesionseg_lib.data.cache import content_fingerprint, decode_once, parse_facts
from lesionseg_lib.data.datasets import LesionFolder
from lesionseg_lib.utils.schemas import SchemaError
from tests.helpers.archives import save_pair
from tests.helpers.damage import damages
from tests.helpers.picture_files import tiff
from tests.helpers.values import wrong_types

SIZE = (6, 8)


@pytest.fixture
def data(tmp_path: Path) -> LesionFolder:
    for seed, name in enumerate("abc"):
        save_pair(tmp_path / "images", tmp_path / "masks", name, seed, size=(12, 16))
    return LesionFolder(tmp_path / "images", tmp_path / "masks", name="three")


def forget(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a new process begins."""
    monkeypatch.setattr(cache, "_CONTENTS", {})


def test_other_bytes_of_the_same_name_size_and_time_are_decoded_again(data: LesionFolder, tmp_path: Path) -> None:
    before = decode_once(data, SIZE, tmp_path / "cache")
    mask = data.pairs[1].mask
    status, good = mask.stat(), mask.read_bytes()
    spoilt = bytearray(good)
    spoilt[-1] ^= 1  # of the checksum at the end: the picture is the same, the file is not
    for replace in (mask.write_bytes, lambda content: (mask.unlink(), mask.write_bytes(content))):
        replace(bytes(spoilt))
        os.utime(mask, ns=(status.st_atime_ns, status.st_mtime_ns))
        assert (mask.stat().st_size, mask.stat().st_mtime_ns) == (status.st_size, status.st_mtime_ns)
        changed = content_fingerprint(data, tmp_path / "cache")
        assert changed == data.content_fingerprint() != before.content_fingerprint
        replace(good)
        assert content_fingerprint(data, tmp_path / "cache") == before.content_fingerprint


def test_the_files_are_read_once_as_long_as_they_stay(
    data: LesionFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = content_fingerprint(data, tmp_path / "cache")
    real, read = type(data)._content, []
    monkeypatch.setattr(type(data), "_content", lambda self, index: read.append(index) or real(self, index))
    forget(monkeypatch)
    assert content_fingerprint(data, tmp_path / "cache") == first and read == []
    (kept,) = (tmp_path / "cache").glob("content-*.txt")
    good = kept.read_bytes()
    for _, content in damages(good, 30):
        kept.write_bytes(content)
        forget(monkeypatch)
        assert content_fingerprint(data, tmp_path / "cache") == first
    assert read and kept.read_bytes() == good


@pytest.mark.parametrize("file", ["images.uint8", "masks.uint8", "cache.json"])
def test_every_damage_to_a_cache_leads_to_a_new_one(data: LesionFolder, tmp_path: Path, file: str) -> None:
    sound = decode_once(data, SIZE, tmp_path / "cache")
    images, masks, good = np.array(sound.images), np.array(sound.masks), (sound.path / file).read_bytes()
    for what, content in damages(good, 10):
        (sound.path / file).unlink()  # a new file: the arrays above map the old one
        (sound.path / file).write_bytes(content)
        again = decode_once(data, SIZE, tmp_path / "cache")
        assert np.array_equal(again.images, images) and np.array_equal(again.masks, masks), what
        assert again.ids == sound.ids and again.content_fingerprint == sound.content_fingerprint, what


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"mask_value": 1}, {"mask_value": 2}),
        ({"mask_value": 1}, {"mask_value": [1, 2]}),
        ({"mask_value": 1}, {"mask_value": "grey"}),
        ({"mask_value": 2, "frame": 0}, {"mask_value": 2, "frame": 1}),
    ],
)
def test_a_cache_made_with_other_options_is_not_taken(
    tmp_path: Path, first: dict[str, Any], second: dict[str, Any]
) -> None:
    save_pair(tmp_path / "images", tmp_path / "masks", "a", size=(12, 16))
    (mask,) = (tmp_path / "masks").iterdir()
    mask.unlink()
    classes = np.arange(192).reshape(12, 16) // 48  # 0 to 3
    classes[classes == 3] = 255
    pages = (classes, classes.T.reshape(12, 16)) if "frame" in first else (classes,)
    (tmp_path / "masks" / "a.tif").write_bytes(tiff(*(page.astype("u1") for page in pages)))
    for options in (first, second, first):
        data = LesionFolder(tmp_path / "images", tmp_path / "masks", "classes", **options)
        assert np.array_equal(decode_once(data, (12, 16), tmp_path / "cache").masks[0], data.truth(0)), options


def test_the_facts_of_a_cache_are_checked_value_by_value(data: LesionFolder, tmp_path: Path) -> None:
    content = (decode_once(data, SIZE, tmp_path / "cache").path / "cache.json").read_bytes()
    good: dict[str, Any] = json.loads(content)
    assert list(parse_facts(content).ids) == ["a", "b", "c"]
    tried = 0
    for place, other, changed in wrong_types(good):
        with pytest.raises(SchemaError):
            parse_facts(json.dumps(changed).encode())
            raise AssertionError(f"{place} may be {other!r}")
        tried += 1
    assert tried > 40
