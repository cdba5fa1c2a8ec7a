"""Which data a run sees: three disjoint sets, where they come from, and how validation is split off."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from lesionseg_lib.data.datasets import ISIC2016, LesionDataset, LesionFolder, SyntheticLesions, find_isic2016
from lesionseg_lib.data.datasets.base import encoded_id
from lesionseg_lib.data.datasets.folder import describe_folder
from lesionseg_lib.data.datasets.isic import check_data_variable
from lesionseg_lib.data.datasets.isic_download import SOURCES as ISIC_SOURCES
from lesionseg_lib.data.datasets.isic_parts import FOLDERS
from lesionseg_lib.data.mask_values import MaskValue
from lesionseg_lib.errors import DataError, DatasetNotFoundError


def split_validation(
    dataset: LesionDataset, fraction: float = 0.1, seed: int = 0
) -> tuple[LesionDataset, LesionDataset]:
    """Split a training set into (train, validation) by a rule that looks at each id alone.

    An id is in validation if and only if
    ``int(sha256(f"{seed}:{id}").hexdigest()[:8], 16) / 2**32 < fraction``.
    The side of an id depends on the id and the seed only, so adding or removing images moves no other image,
    and the same split comes out on every machine. The share in validation is ``fraction`` only on average.

    Raises:
        DataError: a fraction outside (0, 1), or one of the two sides would be empty.
    """
    if not isinstance(fraction, int | float) or not 0 < fraction < 1:
        raise DataError(f"The fraction for validation is {fraction!r}; give one between 0 and 1, such as 0.1.")
    sides: tuple[list[str], list[str]] = ([], [])
    for sample_id in dataset.ids:
        draw = int(hashlib.sha256(encoded_id(f"{seed}:{sample_id}")).hexdigest()[:8], 16) / 2**32
        sides[draw < fraction].append(sample_id)
    train, validation = sides
    if not train or not validation:
        empty = "validation" if train else "training"
        raise DataError(
            f"Splitting the {len(dataset)} samples of {dataset.name} with fraction {fraction} and seed "
            f"{seed} leaves none for {empty}; use more images, another fraction or another seed."
        )
    return dataset.subset(train), dataset.subset(validation)


@dataclass(frozen=True)
class Splits:
    """Three disjoint sets. Choices are made on ``validation``; ``test`` is scored once, at the end."""

    train: LesionDataset
    validation: LesionDataset
    test: LesionDataset

    @property
    def name(self) -> str:
        """The data set's."""
        return self.train.name


class Wanted(Protocol):
    """What a run accepts as data; a profile is one."""

    @property
    def synthetic(self) -> tuple[int, int, int] | None:
        """Numbers of drawn lesions in train, validation and test; None: only real data will do."""

    @property
    def prefer_real_data(self) -> bool:
        """Whether real data are taken where they are found."""

    @property
    def size(self) -> tuple[int, int] | None:
        """Size of the network's input, (height, width); None: the recipe's."""


@dataclass(frozen=True)
class Source:
    """Real data that can be opened: whether they are there, all three sets, and the test set alone."""

    is_there: Callable[[], bool]
    splits: Callable[[], Splits]
    test: Callable[[], LesionDataset]


def _isic2016() -> Splits:
    test = ISIC2016(split="test")
    train, validation = split_validation(ISIC2016(split="train"))
    return Splits(train, validation, test)


def _isic2016_mirror(source: str) -> Splits:
    """A mirror brings a validation split of its own."""
    return Splits(*(ISIC2016(split=split, source=source) for split in ("train", "validation", "test")))


SOURCES = {
    name: Source(
        is_there=lambda name=name: find_isic2016(name) is not None,  # type: ignore[misc]
        splits=_isic2016 if name == "official" else partial(_isic2016_mirror, name),
        test=partial(ISIC2016, split="test", source=name),
    )
    for name in ISIC_SOURCES
}
"""Every data set that a run can be made on, by name; the first one that is there is taken. A new one is listed here."""


def open_splits(wanted: Wanted) -> Splits:
    """The data of a profile: real ones where they are wanted and found, else drawn lesions where they will do.

    Validation is a tenth of ISIC's training part, by a rule that looks at each id alone (``split_validation``). A
    downloaded one-file mirror stands in for the official archives where drawn lesions would do too; it brings its own
    split. Raises ``DatasetNotFoundError`` when real data are needed and missing.
    """
    if wanted.synthetic is None:
        return next(iter(SOURCES.values())).splits()
    found = [source for source in SOURCES.values() if source.is_there()] if wanted.prefer_real_data else []
    if found:
        return found[0].splits()
    if wanted.prefer_real_data:
        check_data_variable()
    side = (wanted.size or (128, 128))[0] * 3 // 2  # larger than the network's input, as photos are
    return Splits(*(SyntheticLesions(n, size=side, seed=seed) for seed, n in enumerate(wanted.synthetic)))


def open_test_data(
    folder: Path | None = None, mask_value: MaskValue | None = None, frame: int | None = None
) -> LesionDataset:
    """The test images in ``folder``, or, without one, those of the first of ``SOURCES`` that is there.

    Understood are ISIC's own folders, ``images`` with ``masks``, and ``test`` with ``test_masks``. ``mask_value`` and
    ``frame``, for the latter two: see ``read_mask``. Raises ``DatasetNotFoundError``.
    """
    if folder is None:
        first = next(iter(SOURCES.values()))
        return next((source for source in SOURCES.values() if source.is_there()), first).test()
    if all((folder / name).is_dir() for name in FOLDERS["test"]):
        return ISIC2016(folder, split="test")
    if (folder / "images").is_dir() and (folder / "masks").is_dir():
        return LesionFolder(folder / "images", folder / "masks", mask_value=mask_value, frame=frame)
    if (folder / "test").is_dir() and (folder / "test_masks").is_dir():
        return LesionFolder.from_root(folder, "test", mask_value, frame)
    raise DatasetNotFoundError(
        f"{folder}: {describe_folder(folder)}. Expected two folders in it, one of images and one of masks: images and "
        f"masks, or test and test_masks, or {' and '.join(FOLDERS['test'])}."
    )
