"""What every data set does: samples, subsets, fingerprints."""

from __future__ import annotations

import numpy as np
import pytest

from lesionseg_lib.data.datasets.base import Joined, shorten
from lesionseg_lib.errors import DataError
from tests.helpers.numbered import Numbered


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
    joined = Joined(Numbered(1), Numbered(2, mask_shape=(4, 5)).subset(["lesion-1"]))
    with pytest.raises(DataError, match=r"lesion-1: the image is 3 x 2 pixels \(.*\), the mask 5 x 4"):
        joined[1]


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


@pytest.mark.parametrize(
    ("names", "expected"),
    [([], ""), (["a"], "a"), (list("abcde"), "a, b, c, d, e"), (list("abcdefg"), "a, b, c, d, e and 2 more")],
)
def test_long_lists_of_names_are_shortened(names, expected):
    assert shorten(names) == expected


def test_numbers_in_place_of_ids_are_told_from_ids():
    with pytest.raises(DataError, match=r"numbered: 3, 5 asked for, but a subset takes ids, not numbers"):
        Numbered(9).subset([3, 5])


@pytest.mark.parametrize("index", ["lesion-0", 1.0, slice(0, 1), None, [0]])
def test_what_is_no_number_says_how_samples_are_found(index):
    with pytest.raises(DataError, match=r"is no number of a sample.*ids.index.*subset"):
        Numbered(3)[index]


def test_a_number_of_numpy_is_a_number():
    assert Numbered(3)[np.int64(1)].id == "lesion-1"
