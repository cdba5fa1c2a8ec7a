"""Photos and masks: reading, data sets, splits, cache, checks; augmentation is in ``lesionseg_lib.data.transforms``.

``transforms`` is not handed on: albumentations loads torch where it is installed, and whoever reads photos needs none.
"""

from lesionseg_lib.data.cache import CachedDataset, Decoded, decode, decode_once
from lesionseg_lib.data.datasets import (
    ISIC2016,
    Completeness,
    LesionDataset,
    LesionFolder,
    Sample,
    SyntheticLesions,
    default_root,
    download_isic2016,
    find_isic2016,
)
from lesionseg_lib.data.images import (
    IMAGE_SUFFIXES,
    read_image,
    read_mask,
    resize_image,
    resize_mask,
    upright_size,
)
from lesionseg_lib.data.splits import SOURCES, Source, Splits, open_splits, open_test_data, split_validation

__all__ = [
    "IMAGE_SUFFIXES",
    "ISIC2016",
    "SOURCES",
    "CachedDataset",
    "Completeness",
    "Decoded",
    "LesionDataset",
    "LesionFolder",
    "Sample",
    "Source",
    "Splits",
    "SyntheticLesions",
    "decode",
    "decode_once",
    "default_root",
    "download_isic2016",
    "find_isic2016",
    "open_splits",
    "open_test_data",
    "read_image",
    "read_mask",
    "resize_image",
    "resize_mask",
    "split_validation",
    "upright_size",
]
