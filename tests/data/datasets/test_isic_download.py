"""Downloading ISIC 2016: from archives or mirror to a data set that is whole or not there at all."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import subprocess
import sys
import textwrap
import zipfile

import pytest

from lesionseg_lib.data.datasets import ISIC2016, download, download_isic2016
from lesionseg_lib.data.datasets.isic_download import COUNTS, FOLDERS, MIRROR_MD5, urls
from lesionseg_lib.errors import DataError, DownloadError
from tests.helpers.archives import damaged, isic_archives, mirror_arrays, names, npz
from tests.helpers.disk import fill_disk
from tests.helpers.server import serving

FIRST, SECOND, THIRD, FOURTH = (f"{folder}.zip" for pair in FOLDERS.values() for folder in pair)


@pytest.fixture
def isic_server(tmp_path, monkeypatch):
    """Serves the four archives with 3 training and 2 test pairs, which are also the counts expected."""
    monkeypatch.setattr(download, "FIRST_WAIT", 0.001)
    for split, count in (("train", 3), ("test", 2)):
        monkeypatch.setitem(COUNTS, split, count)
    with serving() as server:
        server.files |= isic_archives(tmp_path / "scratch")
        yield server


def test_the_official_archives_become_the_data_set(isic_server, tmp_path):
    root = tmp_path / "new" / "isic2016"
    assert download_isic2016(root, base_url=isic_server.url) == root
    assert len(ISIC2016(root)) == 3
    assert len(ISIC2016(root, split="test")) == 2
    assert ISIC2016(root)[0].mask.any()
    assert names(root.parent) == ["isic2016"]


def test_what_is_there_is_not_fetched_again(isic_server, tmp_path):
    download_isic2016(tmp_path / "isic2016", base_url=isic_server.url)
    requests = len(isic_server.seen)
    assert requests == 4
    download_isic2016(tmp_path / "isic2016", base_url=isic_server.url)
    assert len(isic_server.seen) == requests


def test_only_missing_folders_are_fetched_and_other_files_stay(isic_server, tmp_path):
    root = tmp_path / "isic2016"
    download_isic2016(root, base_url=isic_server.url)
    (root / "manifest.csv").write_text("id\n")
    (root / FOLDERS["test"][1]).rename(tmp_path / "aside")
    isic_server.seen.clear()
    download_isic2016(root, base_url=isic_server.url)
    assert isic_server.seen == [(FOURTH, None)]
    assert (root / "manifest.csv").read_text() == "id\n"
    assert len(ISIC2016(root, split="test")) == 2


def test_the_data_set_downloads_itself_when_asked(isic_server, tmp_path, monkeypatch):
    monkeypatch.setattr("lesionseg_lib.data.datasets.isic_download.OFFICIAL_URL", isic_server.url)
    monkeypatch.setenv("LESIONSEG_DATA", str(tmp_path))
    assert len(ISIC2016(download=True)) == 3
    assert len(ISIC2016(split="test", download=True)) == 2
    assert len(isic_server.seen) == 4


def test_dropped_connections_do_not_hurt(isic_server, tmp_path):
    for name in (FIRST, SECOND, THIRD, FOURTH):
        isic_server.faults[name] = [("drop", 500), ("status", 503)]
    download_isic2016(tmp_path / "isic2016", base_url=isic_server.url)
    assert len(ISIC2016(tmp_path / "isic2016")) == 3


@pytest.mark.parametrize("how", ["cut short", "flipped byte", "no zip"])
def test_a_damaged_archive_leaves_nothing_and_is_fetched_anew(isic_server, tmp_path, how):
    root, sound = tmp_path / "isic2016", isic_server.files[THIRD]
    isic_server.files[THIRD] = damaged(sound, how)
    with pytest.raises(DownloadError, match=rf"{THIRD} is cut short, damaged or no zip archive .* It was removed"):
        download_isic2016(root, base_url=isic_server.url)
    assert not root.exists()
    assert names(tmp_path / "isic2016.official-download") == [FIRST, SECOND, "lock"]
    isic_server.files[THIRD] = sound
    isic_server.seen.clear()
    download_isic2016(root, base_url=isic_server.url)
    assert [name for name, _ in isic_server.seen] == [THIRD, FOURTH]
    assert len(ISIC2016(root, split="test")) == 2


def test_a_missing_mask_in_the_archives_is_refused(isic_server, tmp_path):
    with zipfile.ZipFile(io.BytesIO(isic_server.files[SECOND])) as archive:
        members = [(name, archive.read(name)) for name in archive.namelist()[:-1]]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members:
            archive.writestr(name, content)
    isic_server.files[SECOND] = buffer.getvalue()
    with pytest.raises(
        DownloadError, match=r"archives of train do not fit together.*1 of 3 images have no mask: ISIC_1000002\.jpg"
    ):
        download_isic2016(tmp_path / "isic2016", base_url=isic_server.url)
    assert not (tmp_path / "isic2016").exists()


def test_other_counts_than_published_are_refused_unless_told_otherwise(isic_server, tmp_path, monkeypatch):
    monkeypatch.setitem(COUNTS, "test", 379)
    with pytest.raises(DownloadError, match="archives of test hold 2 pairs of image and mask, expected 379"):
        download_isic2016(tmp_path / "isic2016", base_url=isic_server.url)
    assert not (tmp_path / "isic2016").exists()
    download_isic2016(tmp_path / "isic2016", base_url=isic_server.url, checksum=False)
    assert len(ISIC2016(tmp_path / "isic2016", split="test")) == 2


@pytest.mark.parametrize("suffix", [".zip.part", ".jpg"])
def test_a_full_disk_leaves_nothing_half_done(isic_server, tmp_path, monkeypatch, suffix):
    root = tmp_path / "isic2016"
    with monkeypatch.context() as patch:
        fill_disk(patch, suffix, room=100)
        with pytest.raises(
            DownloadError, match=r"cannot be written to .*isic2016: No space left on device; [\d,]+ MB are free"
        ):
            download_isic2016(root, base_url=isic_server.url)
    assert not root.exists()
    assert "unpacked" not in names(tmp_path / "isic2016.official-download")
    download_isic2016(root, base_url=isic_server.url)
    assert len(ISIC2016(root)) == 3
    assert names(tmp_path) == ["isic2016", "scratch"]


@pytest.mark.parametrize(("there", "step"), [("nothing", 1), ("other files", 1), ("other files", 3)])
def test_an_interrupted_publication_is_undone(isic_server, tmp_path, monkeypatch, there, step):
    root = tmp_path / "isic2016"
    if there == "other files":
        root.mkdir()
        (root / "notes.txt").write_text("mine")
    before = names(root) if root.exists() else None
    rename, calls = os.rename, []

    def failing(source, target):
        if str(target).startswith(str(root) + os.sep) or str(target) == str(root):
            calls.append(target)
            if len(calls) == step:
                raise OSError(errno.EIO, "Input/output error")
        rename(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "rename", failing)
        with pytest.raises(DownloadError, match="Input/output error"):
            download_isic2016(root, base_url=isic_server.url)
    assert (names(root) if root.exists() else None) == before
    download_isic2016(root, base_url=isic_server.url)
    assert len(ISIC2016(root)) == 3


@pytest.mark.parametrize(
    ("moment", "left"), [("shutil.copyfileobj", ()), ("os.rename", FOLDERS["test"])], ids=["unpack", "publish"]
)
def test_a_killed_process_leaves_only_whole_folders_behind(isic_server, tmp_path, moment, left):
    root = tmp_path / "isic2016"
    root.mkdir()
    (root / "notes.txt").write_text("mine")
    # Unpacking dies in the third file; publishing, which goes in the order of names, after two of four folders.
    code = f"""
        import os, shutil
        from lesionseg_lib.data.datasets import download_isic2016
        from lesionseg_lib.data.datasets.isic_download import COUNTS
        COUNTS.update(train=3, test=2)
        real, calls = {moment}, []
        def fatal(source, target):
            if {moment!r} != "os.rename" or str(target).startswith({str(root) + os.sep!r}):
                calls.append(target)
            if len(calls) == 3:
                os._exit(9)
            return real(source, target)
        {moment} = fatal
        download_isic2016({str(root)!r}, base_url={isic_server.url!r})
    """
    assert subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=False).returncode == 9
    assert names(root) == [*sorted(left), "notes.txt"]
    assert all(len(names(root / folder)) == 2 for folder in left)
    download_isic2016(root, base_url=isic_server.url)
    assert len(ISIC2016(root)) == 3
    assert len(ISIC2016(root, split="test")) == 2
    assert names(tmp_path) == ["isic2016", "scratch"]


def test_the_mirror_is_downloaded_and_verified(isic_server, tmp_path, monkeypatch):
    data = npz(mirror_arrays())
    isic_server.files["isic2016_128.npz"] = data
    with pytest.raises(DownloadError, match="is not the file expected: MD5"):
        download_isic2016(tmp_path / "isic2016", source="mirror128", base_url=isic_server.url)
    assert not (tmp_path / "isic2016").exists()
    monkeypatch.setitem(MIRROR_MD5, "mirror128", hashlib.md5(data).hexdigest())
    download_isic2016(tmp_path / "isic2016", source="mirror128", base_url=isic_server.url)
    assert names(tmp_path) == ["isic2016", "scratch"]
    assert len(ISIC2016(tmp_path / "isic2016", split="test", source="mirror128")) == 2


def test_a_mirror_that_is_something_else_is_refused_even_without_checksum(isic_server, tmp_path):
    isic_server.files["isic2016_128.npz"] = npz({"train_images": mirror_arrays()["train_images"]})
    with pytest.raises(DownloadError, match=r"is not the mirror expected\. .*expected test_label"):
        download_isic2016(tmp_path / "isic2016", source="mirror128", base_url=isic_server.url, checksum=False)
    assert not (tmp_path / "isic2016").exists()


def test_an_unknown_source_is_refused(tmp_path):
    with pytest.raises(DataError, match="no source 'kaggle'; choose one of official, mirror128"):
        download_isic2016(tmp_path, source="kaggle")


def test_the_published_addresses_are_used():
    assert urls("official")[1] == (
        "https://isic-challenge-data.s3.amazonaws.com/2016/ISBI2016_ISIC_Part1_Training_GroundTruth.zip"
    )
    assert urls("mirror512") == ("https://zenodo.org/records/13358372/files/isic2016_512.npz?download=1",)
    assert set(ISIC2016.urls) == {"official", *ISIC2016.md5}


def test_a_file_in_the_place_of_the_folder_is_said_before_anything_is_fetched(isic_server, tmp_path):
    (tmp_path / "isic2016").write_text("mine")
    with pytest.raises(DownloadError, match="isic2016 is a file, and a folder is needed"):
        download_isic2016(tmp_path / "isic2016", base_url=isic_server.url, checksum=False)
    assert isic_server.seen == [] and (tmp_path / "isic2016").read_text() == "mine"
