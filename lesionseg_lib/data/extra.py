"""What a recipe trains on beside the training part, which masks it takes, and photos from elsewhere to be scored on."""

from __future__ import annotations

from dataclasses import replace

from lesionseg_lib.data.datasets import LesionDataset, SyntheticLesions
from lesionseg_lib.data.datasets.base import Joined
from lesionseg_lib.data.datasets.isic_extra import ISICExtra, find_isic_extra
from lesionseg_lib.data.splits import Splits
from lesionseg_lib.errors import DataError
from lesionseg_lib.utils.lookup import look_up

_DRAWN = 16
"""Of drawn lesions so many stand in for the photos."""


def training_splits(splits: Splits, extra_data: str | None, masks: str = "all") -> Splits:
    """``splits`` with what a recipe trains on: ``extra_data`` added, or left out what has no exact mask.

    Validation and test stay as they are. Drawn lesions get further drawn ones. Raises ``UnknownNameError`` for data
    that there are not, ``DatasetNotFoundError`` where they are not on disk, ``DataError`` where no photo is left.
    """
    train = splits.train
    if extra_data is not None:
        look_up({"isic-extra": ISICExtra}, extra_data, "extra data")
        more = SyntheticLesions(_DRAWN, size=_side(splits), seed=3) if _drawn(splits) else ISICExtra("train")
        train = Joined(train, more)
    if masks == "exact":
        train = train.subset(key for index, key in enumerate(train.ids) if _exact(train, index))
        if not len(train):
            raise DataError(f'{train.name}: no mask of it is exact (column mask_origin). Train on masks = "all".')
    return splits if train is splits.train else replace(splits, train=train)


def elsewhere(splits: Splits) -> LesionDataset | None:
    """Photos of origins that ``splits`` do not have, for scores alone; None where they are not on disk.

    Of drawn lesions: others, under another seed.
    """
    if _drawn(splits):
        return SyntheticLesions(_DRAWN // 2, size=_side(splits), seed=4)
    return ISICExtra("elsewhere") if find_isic_extra() else None


def _exact(dataset: LesionDataset, index: int) -> bool:
    """As the organisers published it, whose archives tell no origin."""
    return dataset.attributes(index).get("mask_origin", "exact") == "exact"


def _drawn(splits: Splits) -> bool:
    return isinstance(splits.train, SyntheticLesions)


def _side(splits: Splits) -> int:
    return int(splits.train.truth(0).shape[0])
