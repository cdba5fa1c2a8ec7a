"""The decode-once cache: contents, staleness, damage, several processes."""

import multiprocessing
import os
import pickle
from dataclasses import replace

import numpy as np
import pytest

from lesionseg_lib.data.cache import decode, decode_once
from lesionseg_lib.data.datasets import ISIC2016, LesionFolder, SyntheticLesions, resize_image
from lesionseg_lib.data.splits import open_splits
from lesionseg_lib.errors import DataError
from lesionseg_lib.experiments.profiles import get_profile
from tests.helpers.archives import encoded, photo, save_pair
from tests.helpers.disk import fill_disk


class Counting(LesionFolder):
    """Notes each image that is decoded in a file, so that other processes' work counts too."""

    def image(self, index):
        with (self.pairs[index].image.parent.parent / "decoded.log").open("a") as log:
            log.write(f"{self.ids[index]} {os.getpid()}\n")
        return super().image(index)


@pytest.fixture
def place(tmp_path):
    """Three pairs in tmp_path/data; returns tmp_path."""
    for seed, sample_id in enumerate("abc"):
        save_pair(tmp_path / "data" / "images", tmp_path / "data" / "masks", sample_id, seed, size=(12, 16))
    return tmp_path


def dataset(place):
    return Counting(place / "data" / "images", place / "data" / "masks", name="three pairs")


def decoded(place):
    """The images decoded since the last call."""
    log = place / "data" / "decoded.log"
    lines = log.read_text().splitlines() if log.exists() else []
    log.write_text("")
    return [line.split()[0] for line in lines]


def folders(place):
    return sorted(entry.name for entry in (place / "cache").iterdir() if entry.is_dir())


def test_arrays_hold_the_resized_samples_in_order(place):
    data = dataset(place)
    cached = decode_once(data, (6, 8), place / "cache")
    assert cached.ids == ("a", "b", "c")
    assert len(cached) == 3
    assert cached.size == (6, 8)
    assert cached.content_fingerprint == data.content_fingerprint()
    assert (cached.images.shape, cached.images.dtype) == ((3, 6, 8, 3), np.uint8)
    assert (cached.masks.shape, cached.masks.dtype) == ((3, 6, 8), np.uint8)
    for index, sample in enumerate(data):
        np.testing.assert_array_equal(cached.images[index], resize_image(sample.image, (6, 8)))
        # The mask sets rows 3 to 8 of 12 and columns 4 to 11 of 16; the nearest pixel of row i is row 2 i + 1.
        expected = np.zeros((6, 8))
        expected[1:4, 2:6] = 1
        np.testing.assert_array_equal(cached.masks[index], expected)


def test_arrays_cannot_be_written(place):
    cached = decode_once(dataset(place), (6, 8), place / "cache")
    with pytest.raises(ValueError, match="read-only"):
        cached.images[0] = 0


def test_nothing_is_decoded_twice(place):
    first = decode_once(dataset(place), (6, 8), place / "cache")
    assert decoded(place) == ["a", "b", "c"]
    second = decode_once(dataset(place), (6, 8), place / "cache")
    assert decoded(place) == []
    np.testing.assert_array_equal(first.images, second.images)
    assert second.content_fingerprint == first.content_fingerprint


def test_sizes_subsets_and_names_have_caches_of_their_own(place):
    data = dataset(place)
    whole = decode_once(data, (6, 8), place / "cache")
    assert decode_once(data, (8, 6), place / "cache").images.shape == (3, 8, 6, 3)
    subset = decode_once(data.subset(["c", "a"]), (6, 8), place / "cache")
    assert subset.ids == ("c", "a")
    np.testing.assert_array_equal(subset.images, whole.images[[2, 0]])
    assert len(folders(place)) == 3
    assert all(name.startswith("three-pairs-") for name in folders(place))


@pytest.mark.parametrize("change", ["touched", "replaced", "added"])
def test_a_stale_cache_is_rebuilt_and_replaced(place, change):
    before = decode_once(dataset(place), (6, 8), place / "cache")
    decoded(place)
    image = place / "data" / "images" / "b.jpg"
    status = image.stat()
    match change:
        case "touched":
            os.utime(image, ns=(status.st_atime_ns, status.st_mtime_ns + 10**9))
        case "replaced":
            image.write_bytes(encoded(photo(12, 16, seed=99)))
            os.utime(image, ns=(status.st_atime_ns, status.st_mtime_ns))
        case "added":
            save_pair(place / "data" / "images", place / "data" / "masks", "d", size=(12, 16))
    after = decode_once(dataset(place), (6, 8), place / "cache")
    if change == "touched":  # the bytes are the same
        assert decoded(place) == []
    else:
        assert decoded(place) == ["a", "b", "c"] + ["d"] * (change == "added")
    assert np.array_equal(before.images[1], after.images[1]) == (change != "replaced")
    # With another list of ids it is another data set, whose cache may still be wanted.
    assert len(folders(place)) == (2 if change == "added" else 1)


@pytest.mark.parametrize("file", ["images.uint8", "masks.uint8", "cache.json"])
@pytest.mark.parametrize("damage", ["cut short", "empty", "too long", "gone"])
def test_a_damaged_cache_is_rebuilt(place, file, damage):
    sound = decode_once(dataset(place), (6, 8), place / "cache")
    decoded(place)
    path, content = sound.path / file, (sound.path / file).read_bytes()
    expected = np.array(sound.images)
    path.unlink()  # a new file: the arrays above still map the old one
    if damage != "gone":
        path.write_bytes({"cut short": content[: len(content) // 2], "empty": b"", "too long": content + b"}"}[damage])
    again = decode_once(dataset(place), (6, 8), place / "cache")
    assert decoded(place) == ["a", "b", "c"]
    np.testing.assert_array_equal(again.images, expected)
    assert (again.path / file).read_bytes() == content


@pytest.mark.parametrize("facts", ["[]", "{}", '{"version": 0}', '"text"'])
def test_a_cache_of_another_format_is_rebuilt(place, facts):
    (decode_once(dataset(place), (6, 8), place / "cache").path / "cache.json").write_text(facts)
    assert len(decode_once(dataset(place), (6, 8), place / "cache")) == 3


def test_what_a_killed_process_left_is_cleared_away(place):
    target = decode_once(dataset(place), (6, 8), place / "cache").path
    left = target.with_name(target.name.rpartition("-")[0] + "-building")
    target.rename(left)
    (left / "cache.json").unlink()
    assert len(decode_once(dataset(place), (6, 8), place / "cache")) == 3
    assert folders(place) == [target.name]


def test_a_sample_that_cannot_be_read_leaves_nothing_behind(place):
    (place / "data" / "images" / "c.jpg").write_bytes(b"damaged")
    with pytest.raises(DataError, match=r"c\.jpg is not an image"):
        decode_once(dataset(place), (6, 8), place / "cache")
    assert folders(place) == []


def test_a_full_disk_is_reported_and_leaves_nothing_behind(place, monkeypatch):
    with monkeypatch.context() as patch:
        fill_disk(patch, "images.uint8", room=6 * 8 * 3 * 2)
        with pytest.raises(
            DataError, match=r"cannot be written to .*cache: No space left on device\..*LESIONSEG_CACHE"
        ):
            decode_once(dataset(place), (6, 8), place / "cache")
    assert folders(place) == []
    assert len(decode_once(dataset(place), (6, 8), place / "cache")) == 3


def test_a_place_that_is_no_folder_is_reported(place):
    (place / "cache").write_text("a file")
    with pytest.raises(DataError, match=r"cache of three pairs cannot be written to .*cache: "):
        decode_once(dataset(place), (6, 8), place / "cache")


def test_an_empty_data_set_is_refused(place):
    with pytest.raises(DataError, match="three pairs has no samples to decode"):
        decode_once(dataset(place).subset([]), (6, 8), place / "cache")


def test_the_default_place_follows_the_environment(place, monkeypatch):
    monkeypatch.setenv("LESIONSEG_CACHE", str(place / "chosen"))
    assert decode_once(dataset(place), (6, 8)).path.parent == place / "chosen"


def test_a_pickled_cache_is_mapped_again_and_not_copied(place):
    cached = decode_once(dataset(place), (120, 160), place / "cache")
    pickled = pickle.dumps(cached)
    assert len(pickled) < 1000 < cached.images.nbytes
    np.testing.assert_array_equal(pickle.loads(pickled).images, cached.images)


def build_when_all_are_ready(place, barrier, queue):
    data = dataset(place)
    barrier.wait(timeout=200)
    cached = decode_once(data, (6, 8), place / "cache")
    queue.put((cached.path.name, int(cached.images.sum()), cached.ids))


def test_of_two_processes_at_once_one_builds_and_both_read(place):
    context = multiprocessing.get_context("spawn")
    barrier, queue = context.Barrier(2), context.Queue()
    processes = [context.Process(target=build_when_all_are_ready, args=(place, barrier, queue)) for _ in range(2)]
    for process in processes:
        process.start()
    results = [queue.get(timeout=200) for _ in processes]
    for process in processes:
        process.join(timeout=60)
    assert [process.exitcode for process in processes] == [0, 0]
    assert results[0] == results[1]
    assert decoded(place) == ["a", "b", "c"]
    assert folders(place) == [results[0][0]]


def test_synthetic_lesions_can_be_cached(tmp_path):
    cached = decode_once(SyntheticLesions(2, size=32), (16, 16), tmp_path)
    assert cached.images.shape == (2, 16, 16, 3)
    assert set(np.unique(cached.masks)) == {0, 1}


def test_the_real_test_images_are_decoded(real_data, tmp_path):
    cached = decode_once(ISIC2016(real_data / "isic2016", split="test"), (32, 32), tmp_path)
    assert cached.images.shape == (379, 32, 32, 3)
    assert 0.2 < cached.masks.mean() < 0.35  # lesions cover about a quarter of the picture


def test_the_splits_are_decoded_at_the_networks_size(tmp_path, monkeypatch):
    monkeypatch.setenv("LESIONSEG_CACHE", str(tmp_path))
    data = decode(open_splits(replace(get_profile("smoke"), size=(32, 32), synthetic=(4, 2, 2))), (32, 64))
    assert [part.images.shape for part in (data.train, data.validation, data.test)] == [
        (4, 32, 64, 3),
        (2, 32, 64, 3),
        (2, 32, 64, 3),
    ]
    assert set(np.unique(data.train.masks)) == {0, 1}
