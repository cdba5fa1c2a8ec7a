"""Data sets of skin lesions: ISIC 2016, folders of one's own, and synthetic ones that need no file."""

from lesionseg_lib.data.datasets.base import LesionDataset, Sample
from lesionseg_lib.data.datasets.folder import LesionFolder
from lesionseg_lib.data.datasets.isic import ISIC2016, Completeness, find_isic2016
from lesionseg_lib.data.datasets.isic_download import default_root, download_isic2016
from lesionseg_lib.data.datasets.synthetic import SyntheticLesions
from lesionseg_lib.data.images import IMAGE_SUFFIXES, read_image, read_mask, resize_image, resize_mask
from lesionseg_lib.errors import DataWarning
from lesionseg_lib.utils.arrays import Image, Mask

__all__ = [
    "IMAGE_SUFFIXES",
    "ISIC2016",
    "Completeness",
    "DataWarning",
    "Image",
    "LesionDataset",
    "LesionFolder",
    "Mask",
    "Sample",
    "SyntheticLesions",
    "default_root",
    "download_isic2016",
    "find_isic2016",
    "read_image",
    "read_mask",
    "resize_image",
    "resize_mask",
]
