"""Which data a run sees: three disjoint sets, where they come from, and how validation is split off."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from lesionseg_lib.data.datasets import ISIC2016, LesionDataset, LesionFolder, SyntheticLesions, find_isic2016
from lesionseg_lib.data.datasets.base import encoded_id
from lesionseg_lib.data.datasets.folder import describe_folder
from lesionseg_lib.data.datasets.isic import check_data_variable
from lesionseg_lib.data.datasets.isic_download import SOURCES
from lesionseg_lib.data.datasets.isic_parts import FOLDERS
from lesionseg_lib.data.mask_values import MaskValue
from lesionseg_lib.errors import DataError, DatasetNotFoundError
from lesionseg_lib.experiments.profiles import Profile


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
    if not 0 < fraction < 1:
        raise DataError(f"The fraction for validation is {fraction}; give one between 0 and 1, such as 0.1.")
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


def open_test_data(
    folder: Path | None = None, mask_value: MaskValue | None = None, frame: int | None = None
) -> LesionDataset:
    """The test images in ``folder``, or, without one, those of ISIC 2016.

    Understood are ISIC's own folders, ``images`` with ``masks``, and ``test`` with ``test_masks``. ``mask_value`` and
    ``frame``, for the latter two: see ``read_mask``. Raises ``DatasetNotFoundError``.
    """
    if folder is None:
        source = next((source for source in SOURCES if find_isic2016(source)), "official")
        return ISIC2016(split="test", source=source)
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


@dataclass(frozen=True)
class Splits:
    """Three disjoint sets. Choices are made on ``validation``; ``test`` is scored once, at the end."""

    train: LesionDataset
    validation: LesionDataset
    test: LesionDataset

    @property
    def name(self) -> str:
        return self.train.name


def open_splits(profile: Profile) -> Splits:
    """The data of a profile: ISIC 2016 where it is wanted and found, else drawn lesions where they will do.

    Validation is a tenth of ISIC's training part, by a rule that looks at each id alone (``split_validation``). A
    downloaded one-file mirror stands in for the official archives in profile ``student``; it brings its own split.
    Raises ``DatasetNotFoundError`` when real data are needed and missing.
    """
    source = "official"
    if profile.synthetic is not None:
        found = [name for name in SOURCES if find_isic2016(name)] if profile.prefer_real_data else []
        if not found and profile.prefer_real_data:
            check_data_variable()
        if not found:
            side = (profile.size or (128, 128))[0] * 3 // 2  # larger than the network's input, as photos are
            return Splits(*(SyntheticLesions(n, size=side, seed=seed) for seed, n in enumerate(profile.synthetic)))
        source = found[0]
    test = ISIC2016(split="test", source=source)
    if source != "official":
        return Splits(ISIC2016(split="train", source=source), ISIC2016(split="validation", source=source), test)
    train, validation = split_validation(ISIC2016(split="train"))
    return Splits(train, validation, test)
