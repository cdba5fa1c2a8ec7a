"""What is recorded of the package's network is of the network in the package, and its groups are what they say."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from benchmarks import pretrained
from lesionseg_lib.data.datasets import SyntheticLesions
from lesionseg_lib.models import about_pretrained
from lesionseg_lib.models.weight_formats import WEIGHTS
from tools import ROOT

RECORDED = json.loads((ROOT / "results" / "pretrained.json").read_text(encoding="utf-8"))


def test_the_record_is_of_the_network_in_the_package() -> None:
    about = about_pretrained()
    assert RECORDED["network"] == {"recipe": about.recipe, "seed": about.seed, "record": about.record}
    assert about.jaccard is not None and RECORDED["images"] == about.jaccard.images == 379
    for members in RECORDED["strata"].values():
        assert sum(member["images"] for member in members.values()) <= RECORDED["images"]


def test_every_format_is_recorded_and_bytes_a_weight_lose_at_most_three_thousandths() -> None:
    formats = RECORDED["formats"]
    assert formats.keys() == WEIGHTS.keys()
    assert formats["fp32"]["change"]["mean"] == 0 and formats["fp32"]["pixels_changed"] == 0
    assert formats["w8"]["change"]["mean"] >= -0.003 and formats["w8"]["bytes"] < 650_000


def test_groups_are_told_with_their_mean_unless_they_are_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pretrained, "FEWEST", 2)
    scores = pd.Series([0.5, 0.7, 0.9, 0.1], index=list("abcd"))
    found = pretrained.by_stratum(scores, {"kind": pd.Series(["x", "x", "y", None], index=list("abcd"))})
    assert found.keys() == {"kind"} and found["kind"].keys() == {"x"}
    assert found["kind"]["x"]["images"] == 2 and found["kind"]["x"]["jaccard"]["mean"] == 0.6


def test_photos_are_grouped_by_size_contrast_and_hair() -> None:
    lesions = SyntheticLesions(9, size=96)
    found = pretrained.groups(lesions)
    assert found.keys() == {"diagnosis", "mask", "size", "contrast", "hair"}
    shares = np.array([lesions.truth(index).mean() for index in range(9)])
    expected = np.where(shares <= 0.05, "small", np.where(shares <= 0.2, "medium", "large"))
    assert found["size"].astype(str).tolist() == expected.tolist()
    assert (found["contrast"] == "weak").sum() == 5, "the median among them"
