"""``runs.json`` comes over the network: each value is looked at before a file is named after it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lesionseg_lib.errors import DownloadError
from lesionseg_lib.experiments.packed_runs import PackedRun, listing_text, parse_listing
from tests.helpers.values import wrong_types

RUN = PackedRun(
    recipe="light", seed=0, file="light-seed0.zip", sha256="a" * 64, bytes=12, weights="float16", pixels_changed=0.0,
    record_sha256="b" * 64,
)  # fmt: skip
GOOD: dict[str, Any] = json.loads(listing_text([RUN]))
URL = "https://example.org/runs.json"


def parse(values: Any) -> list[PackedRun]:
    return parse_listing(json.dumps(values).encode(), URL)


def test_what_is_written_is_read() -> None:
    assert parse(GOOD) == [RUN] and parse({**GOOD, "runs": []}) == []


@pytest.mark.parametrize(
    "file", ["../light.zip", "/tmp/light.zip", "a/b.zip", "..", ".zip", "", "C:x.zip", "a\\b.zip", "x" * 300, "a\n.zip"]
)
def test_a_file_that_would_lie_elsewhere_is_refused(file: str) -> None:
    with pytest.raises(DownloadError, match=r"runs\[0\]\.file is "):
        parse({**GOOD, "runs": [{**GOOD["runs"][0], "file": file}]})


def test_no_value_may_have_another_type_or_be_missing() -> None:
    tried = 0
    for place, other, changed in wrong_types(GOOD):
        with pytest.raises(DownloadError, match="not the manifest of recorded runs|format"):
            parse(changed)
            raise AssertionError(f"{place} may be {other!r}")
        tried += 1
    for field in GOOD["runs"][0]:
        with pytest.raises(DownloadError, match=f"lacks .*{field}"):
            parse({**GOOD, "runs": [{key: value for key, value in GOOD["runs"][0].items() if key != field}]})
    assert tried > 60


def test_a_later_format_says_what_to_do() -> None:
    with pytest.raises(DownloadError, match="format 2, expected 1. Update lesionseg"):
        parse({"format": 2, "anything": []})
