"""What a recipe trains on beside the training part."""

from __future__ import annotations

import numpy as np
import pytest

from lesionseg_lib.data import extra
from lesionseg_lib.data.datasets import LesionDataset, SyntheticLesions
from lesionseg_lib.data.datasets.base import Joined
from lesionseg_lib.data.extra import elsewhere, training_splits
from lesionseg_lib.data.splits import Splits
from lesionseg_lib.errors import DataError, UnknownNameError
from tests.helpers.tiny import ArrayDataset

DRAWN = Splits(*(SyntheticLesions(n, size=32, seed=seed) for seed, n in enumerate((4, 2, 3))))


class Photos(ArrayDataset):
    """Grey photos whose masks have an origin, or none."""

    def __init__(self, name: str, *origins: str | None) -> None:
        pixels = np.zeros((4, 4), np.uint8)
        super().__init__([np.stack([pixels] * 3, axis=2)] * len(origins), [pixels > 0] * len(origins), name)
        self.origins = origins

    def attributes(self, index: int) -> dict[str, str]:
        origin = self.origins[index]
        return {} if origin is None else {"mask_origin": origin}


def photos(*origins: str | None) -> Splits:
    return Splits(Photos("train", *origins), Photos("validation", "isic2018"), Photos("test", "isic2018"))


def test_without_a_wish_the_splits_are_those_that_came() -> None:
    assert training_splits(DRAWN, None) is DRAWN


def test_drawn_lesions_get_further_drawn_ones() -> None:
    wide = training_splits(DRAWN, "isic-extra")
    assert wide.train.ids[:4] == DRAWN.train.ids and len(wide.train) == 20 and len(set(wide.train.ids)) == 20
    assert wide.validation is DRAWN.validation and wide.test is DRAWN.test
    assert wide.train[4].image.shape == (32, 32, 3)
    others = elsewhere(DRAWN)
    assert others is not None and not set(others.ids) & {*wide.train.ids, *DRAWN.validation.ids, *DRAWN.test.ids}


def test_photos_get_the_part_of_isic_extra_that_is_not_held_out(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def part(name: str) -> LesionDataset:
        asked.append(name)
        return Photos("more", "exact", "isic2018")

    monkeypatch.setattr(extra, "ISICExtra", part)
    wide = training_splits(photos("exact"), "isic-extra")
    assert asked == ["train"] and wide.train.ids == ("train-0", "more-0", "more-1") and wide.name == "train+more"
    monkeypatch.setattr(extra, "find_isic_extra", lambda: None)
    assert elsewhere(photos("exact")) is None


def test_exact_masks_are_those_that_the_organisers_published() -> None:
    kept = training_splits(photos("exact", "isic2018", None), None, "exact")
    assert kept.train.ids == ("train-0", "train-2")  # an original archive has no manifest
    assert len(kept.validation) == len(kept.test) == 1
    with pytest.raises(DataError, match="train: no mask of it is exact"):
        training_splits(photos("isic2018"), None, "exact")


def test_unknown_data_are_answered_with_what_there_is() -> None:
    with pytest.raises(UnknownNameError, match="no extra data named 'isic2019'. .*Known: isic-extra"):
        training_splits(DRAWN, "isic2019")


def test_joined_data_are_those_of_both_in_order_and_no_id_twice() -> None:
    first, second = SyntheticLesions(2, size=32, seed=0), SyntheticLesions(2, size=32, seed=1)
    both = Joined(first, second)
    assert both.ids == first.ids + second.ids
    assert np.array_equal(both[3].image, second[1].image) and np.array_equal(both.truth(0), first.truth(0))
    assert both.attributes(2) == second.attributes(0)
    assert both.content_fingerprint() != Joined(second, first).content_fingerprint()
    with pytest.raises(DataError, match="synthetic-0-0000.* in both"):
        Joined(first, first)
