"""What every source of lesions has in common: numbered samples, each with an id, an image and a mask."""

from __future__ import annotations

import hashlib
import operator
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lesionseg_lib.errors import DataError
from lesionseg_lib.utils.arrays import Image, Mask


@dataclass(frozen=True, eq=False)
class Sample:
    """One image with its mask.

    Attributes:
        id: unique within its data set, for example ``"ISIC_0000000"``.
        image: uint8 of shape (H, W, 3), RGB.
        mask: bool of shape (H, W), True inside the lesion.
    """

    id: str
    image: Image
    mask: Mask


class LesionDataset(ABC):
    """A fixed sequence of samples.

    A source sets ``name`` (used in messages, records and the names of cache folders) and ``ids``, and says
    how to get one image, one truth, and two descriptions of a sample: ``_stamp``, cheap, for noticing that a
    cache is stale, and ``_content``, the bytes that define the sample, the same on every machine.
    """

    name: str
    ids: tuple[str, ...]

    @abstractmethod
    def image(self, index: int) -> Image:
        """Image number ``index``: uint8 (H, W, 3), RGB."""

    @abstractmethod
    def truth(self, index: int) -> Mask:
        """Mask number ``index`` at its own size: bool (H, W). Does not read the image."""

    @abstractmethod
    def _stamp(self, index: int) -> str:
        """Changes whenever the sample may have changed; must cost microseconds."""

    @abstractmethod
    def _content(self, index: int) -> bytes:
        """The bytes that define the sample, independent of machine, folder and time."""

    def attributes(self, index: int) -> dict[str, str]:
        """What else is known about a sample, for example ``{"diagnosis": "benign"}``; empty if nothing is."""
        return {}

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, index: int) -> Sample:
        """Sample number ``index``; negative numbers count from the end.

        Raises:
            IndexError: no such number.
            DataError: no number at all; a file cannot be read, or image and mask differ in size.
        """
        try:
            index = operator.index(index)
        except TypeError:
            raise DataError(
                f"{self.name}: {index!r} is no number of a sample. Give a whole number below {len(self)}; of an id the "
                "number is dataset.ids.index(...), and several samples are dataset.subset(...)."
            ) from None
        if not -len(self) <= index < len(self):
            raise IndexError(f"{self.name} has {len(self)} samples, there is no number {index}")
        index %= len(self)
        image, mask = self.image(index), self.truth(index)
        self._check_pair(index, image, mask)
        return Sample(self.ids[index], image, mask)

    def __iter__(self) -> Iterator[Sample]:
        return (self[index] for index in range(len(self)))

    def __repr__(self) -> str:
        return f"<{self.name}: {len(self)} samples>"

    def _check_pair(self, index: int, image: Image, mask: Mask) -> None:
        """Raise a ``DataError`` where image and mask cannot belong together."""
        if image.shape[:2] != mask.shape:
            raise DataError(self._size_message(index, image, mask))

    def _size_message(self, index: int, image: Image, mask: Mask) -> str:
        (image_h, image_w), (mask_h, mask_w) = image.shape[:2], mask.shape
        return (
            f"{self.name}, {self.ids[index]}: the image is {image_w} x {image_h} pixels (width x height), "
            f"the mask {mask_w} x {mask_h}; a mask must have its image's size. Make the mask anew from the "
            "original, or leave the pair out."
        )

    def fingerprint(self) -> str:
        """SHA-256 (hex) that changes when a sample may have changed. Cheap; differs between machines."""
        return _digest((sample_id, encoded_id(self._stamp(index))) for index, sample_id in enumerate(self.ids))

    def content_fingerprint(self) -> str:
        """SHA-256 (hex) over ids and contents, in order. The same on every machine; reads every file."""
        return _digest((sample_id, self._content(index)) for index, sample_id in enumerate(self.ids))

    def subset(self, ids: Iterable[str]) -> LesionDataset:
        """The samples with these ids, in the order given, under the same name.

        Raises:
            DataError: an id that is not in the data set, or one given twice.
        """
        return Subset(self, ids)


class Subset(LesionDataset):
    """Some samples of another data set, in an order of their own."""

    def __init__(self, parent: LesionDataset, ids: Iterable[str]) -> None:
        self.name = parent.name
        self.ids = tuple(ids)
        if numbers := [sample_id for sample_id in self.ids if not isinstance(sample_id, str)]:
            raise DataError(
                f"{parent.name}: {shorten(map(repr, numbers))} asked for, but a subset takes ids, not numbers; its "
                f"{len(parent)} ids are like {shorten(parent.ids[:2])}. The id of number 3 is dataset.ids[3]."
            )
        self._parent = parent
        number = {sample_id: index for index, sample_id in enumerate(parent.ids)}
        unknown = [sample_id for sample_id in self.ids if sample_id not in number]
        if unknown:
            raise DataError(
                f"{parent.name} has no {shorten(unknown)}; its {len(parent)} ids are like {shorten(parent.ids[:2])}."
            )
        if len(set(self.ids)) < len(self.ids):
            twice = sorted({sample_id for sample_id in self.ids if self.ids.count(sample_id) > 1})
            raise DataError(f"{parent.name}: {shorten(twice)} asked for more than once; give each id once.")
        self._indices = tuple(number[sample_id] for sample_id in self.ids)

    def image(self, index: int) -> Image:
        """The parent's photo, uint8 RGB (H, W, 3)."""
        return self._parent.image(self._indices[index])

    def truth(self, index: int) -> Mask:
        """The parent's mask, bool (H, W)."""
        return self._parent.truth(self._indices[index])

    def attributes(self, index: int) -> dict[str, str]:
        """What the parent knows of the photo."""
        return self._parent.attributes(self._indices[index])

    def _stamp(self, index: int) -> str:
        return self._parent._stamp(self._indices[index])

    def _content(self, index: int) -> bytes:
        return self._parent._content(self._indices[index])

    def _check_pair(self, index: int, image: Image, mask: Mask) -> None:
        self._parent._check_pair(self._indices[index], image, mask)


class Joined(LesionDataset):
    """The samples of one data set, then those of another, under both names. Raises ``DataError``: an id is in both."""

    def __init__(self, first: LesionDataset, second: LesionDataset) -> None:
        self.name = f"{first.name}+{second.name}"
        self.ids = (*first.ids, *second.ids)
        self._parts = (first, second)
        if twice := sorted(set(first.ids) & set(second.ids)):
            raise DataError(f"{self.name}: {shorten(twice)} in both; leave such ids out of one with `subset`.")

    def _find(self, index: int) -> tuple[LesionDataset, int]:
        first, second = self._parts
        return (first, index) if index < len(first) else (second, index - len(first))

    def image(self, index: int) -> Image:
        """The photo in its own set, uint8 RGB (H, W, 3)."""
        part, number = self._find(index)
        return part.image(number)

    def truth(self, index: int) -> Mask:
        """The mask in its own set, bool (H, W)."""
        part, number = self._find(index)
        return part.truth(number)

    def attributes(self, index: int) -> dict[str, str]:
        """What its own set knows of the photo."""
        part, number = self._find(index)
        return part.attributes(number)

    def _stamp(self, index: int) -> str:
        part, number = self._find(index)
        return part._stamp(number)

    def _content(self, index: int) -> bytes:
        part, number = self._find(index)
        return part._content(number)

    def _check_pair(self, index: int, image: Image, mask: Mask) -> None:
        part, number = self._find(index)
        part._check_pair(number, image, mask)


def shorten(names: Iterable[str], limit: int = 5) -> str:
    """At most ``limit`` names, and how many more there are: ``"a, b and 3 more"``."""
    listed = list(names)
    more = f" and {len(listed) - limit} more" if len(listed) > limit else ""
    return ", ".join(listed[:limit]) + more


def normal_id(name: str) -> str:
    """A name with its accents in one form: macOS stores "é" as two signs, others as one, and both look the same."""
    return unicodedata.normalize("NFC", name)


def encoded_id(sample_id: str) -> bytes:
    """An id as bytes, also that of a file whose name is not UTF-8: Python keeps such bytes as half a character."""
    return sample_id.encode("utf-8", "surrogateescape")


def _digest(parts: Iterable[tuple[str, bytes]]) -> str:
    total = hashlib.sha256()
    for sample_id, content in parts:
        # Each part is hashed by itself, so that no shift of bytes between neighbours goes unnoticed.
        total.update(hashlib.sha256(encoded_id(sample_id)).digest())
        total.update(hashlib.sha256(content).digest())
    return total.hexdigest()
