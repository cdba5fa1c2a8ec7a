"""Samples, subsets, fingerprints and the validation split."""

from __future__ import annotations

import numpy as np
import pytest

from lesionseg_lib.data.datasets import LesionDataset
from lesionseg_lib.data.datasets.base import shorten
from lesionseg_lib.data.splits import split_validation
from lesionseg_lib.errors import DataError


class Numbered(LesionDataset):
    """Sample i is a 2 x 3 image full of i, with a mask of ``mask_shape``."""

    def __init__(self, count: int, mask_shape: tuple[int, int] = (2, 3), contents: str = "") -> None:
        self.name = "numbered"
        self.ids = tuple(f"lesion-{number}" for number in range(count))
        self._mask_shape = mask_shape
        self._contents = contents

    def image(self, index):
        return np.full((2, 3, 3), index, dtype=np.uint8)

    def truth(self, index):
        return np.ones(self._mask_shape, dtype=bool)

    def attributes(self, index):
        return {"number": str(index)}

    def _stamp(self, index):
        return f"{index}{self._contents}"

    def _content(self, index):
        return f"{index}{self._contents}".encode()


def test_samples_are_counted_indexed_and_iterated():
    dataset = Numbered(3)
    assert len(dataset) == 3
    assert [sample.id for sample in dataset] == ["lesion-0", "lesion-1", "lesion-2"]
    assert [int(sample.image[0, 0, 0]) for sample in dataset] == [0, 1, 2]
    assert dataset[-1].id == "lesion-2"
    assert repr(dataset) == "<numbered: 3 samples>"


@pytest.mark.parametrize("index", [3, -4])
def test_an_index_out_of_range_says_how_many_there_are(index):
    with pytest.raises(IndexError, match=f"numbered has 3 samples, there is no number {index}"):
        Numbered(3)[index]


def test_sizes_that_differ_are_refused_with_both_sizes():
    with pytest.raises(DataError, match=r"lesion-1: the image is 3 x 2 pixels \(.*\), the mask 5 x 4"):
        Numbered(2, mask_shape=(4, 5))[1]


def test_a_subset_keeps_name_and_given_order_and_finds_the_right_samples():
    subset = Numbered(5).subset(["lesion-4", "lesion-1"])
    assert subset.name == "numbered"
    assert subset.ids == ("lesion-4", "lesion-1")
    assert [int(sample.image[0, 0, 0]) for sample in subset] == [4, 1]
    assert [subset.attributes(index)["number"] for index in range(2)] == ["4", "1"]
    assert subset.truth(0).shape == (2, 3)
    again = subset.subset(["lesion-1"])
    assert int(again[0].image[0, 0, 0]) == 1


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        (["lesion-1", "nevus"], "numbered has no nevus; its 3 ids are like lesion-0, lesion-1"),
        (["lesion-1", "lesion-1"], "lesion-1 asked for more than once"),
    ],
)
def test_a_subset_of_unknown_or_repeated_ids_is_refused(ids, message):
    with pytest.raises(DataError, match=message):
        Numbered(3).subset(ids)


@pytest.mark.parametrize("kind", ["fingerprint", "content_fingerprint"])
def test_fingerprints_depend_on_ids_order_and_contents(kind):
    def of(dataset):
        return getattr(dataset, kind)()

    whole = Numbered(3)
    assert of(whole) == of(Numbered(3))
    assert of(whole.subset(whole.ids)) == of(whole)
    others = [whole.subset(whole.ids[::-1]), whole.subset(whole.ids[:2]), Numbered(3, contents="changed")]
    assert len({of(whole), *map(of, others)}) == 4


def test_fingerprints_depend_on_ids_alone_too():
    renamed = Numbered(3)
    renamed.ids = ("nevus-0", "nevus-1", "nevus-2")
    assert renamed.fingerprint() != Numbered(3).fingerprint()
    assert renamed.content_fingerprint() != Numbered(3).content_fingerprint()


# sha256sum of "0:lesion-0", "0:lesion-1", ... begins with 73341ca7 (.45001), c98ab12f (.79), 290883b9 (.16), e09c4c9f
# (.88), eae3603b (.92), f50058bc (.96), 906783b5 (.56), c12b3c1e (.75), caa226c5 (.79), cdfa8949 (.80).
@pytest.mark.parametrize(
    ("fraction", "numbers"), [(0.4500, [2]), (0.4501, [0, 2]), (0.57, [0, 2, 6]), (0.76, [0, 2, 6, 7])]
)
def test_the_validation_split_follows_the_documented_rule(fraction, numbers):
    train, validation = split_validation(Numbered(10), fraction, seed=0)
    assert validation.ids == tuple(f"lesion-{number}" for number in numbers)
    assert set(train.ids) | set(validation.ids) == set(Numbered(10).ids)
    assert not set(train.ids) & set(validation.ids)


def test_adding_images_moves_no_other_image_to_the_other_side():
    few, many = (set(split_validation(Numbered(count), 0.2)[1].ids) for count in (100, 1000))
    assert few == many & set(Numbered(100).ids)


def test_another_seed_gives_another_split():
    first, second = (split_validation(Numbered(100), 0.2, seed)[1].ids for seed in (0, 1))
    assert first != second


def test_the_split_has_about_the_fraction_asked_for():
    _, validation = split_validation(Numbered(2000), 0.1)
    assert 150 <= len(validation) <= 250  # 200 +- 3.7 standard deviations


@pytest.mark.parametrize("fraction", [0, 1, -0.1, 10])
def test_a_fraction_that_is_none_is_refused(fraction):
    with pytest.raises(DataError, match="give one between 0 and 1"):
        split_validation(Numbered(10), fraction)


@pytest.mark.parametrize(("fraction", "empty"), [(0.01, "validation"), (0.99, "training")])
def test_a_split_that_leaves_a_side_empty_is_refused(fraction, empty):
    with pytest.raises(DataError, match=f"leaves none for {empty}"):
        split_validation(Numbered(10), fraction)


@pytest.mark.parametrize(
    ("names", "expected"),
    [([], ""), (["a"], "a"), (list("abcde"), "a, b, c, d, e"), (list("abcdefg"), "a, b, c, d, e and 2 more")],
)
def test_long_lists_of_names_are_shortened(names, expected):
    assert shorten(names) == expected


def test_numbers_in_place_of_ids_are_told_from_ids():
    with pytest.raises(DataError, match=r"numbered: 3, 5 asked for, but a subset takes ids, not numbers"):
        Numbered(9).subset([3, 5])
