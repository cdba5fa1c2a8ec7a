"""A data set of which a part is there: only what is missing comes, and what is there stays."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lesionseg_lib.data.datasets import ISIC2016, download, download_isic2016
from lesionseg_lib.data.datasets.isic_download import COUNTS
from lesionseg_lib.data.datasets.isic_parts import FOLDERS, lacking_folders
from lesionseg_lib.errors import DownloadError
from tests.helpers.archives import isic_archives
from tests.helpers.server import FileServer, serving

PHOTOS, MASKS = FOLDERS["test"]


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FileServer]:
    """Serves 2 training and 4 test pairs, which are the counts expected."""
    monkeypatch.setattr(download, "FIRST_WAIT", 0.001)
    for split, count in (("train", 2), ("test", 4)):
        monkeypatch.setitem(COUNTS, split, count)
    with serving() as server:
        server.files |= isic_archives(tmp_path / "scratch", dict(COUNTS))
        yield server


@pytest.fixture
def root(server: FileServer, tmp_path: Path) -> Path:
    folder = download_isic2016(tmp_path / "isic2016", base_url=server.url)
    server.seen.clear()
    return folder


def fetched(server: FileServer) -> list[str]:
    return [name.removesuffix(".zip") for name, _ in server.seen]


def files(root: Path, folder: str) -> list[Path]:
    return sorted((root / folder).iterdir())


@pytest.mark.parametrize("folder", [PHOTOS, MASKS])
@pytest.mark.parametrize("left", [0, 1, 3])
def test_a_folder_that_was_left_half_is_filled(server: FileServer, root: Path, folder: str, left: int) -> None:
    for file in files(root, folder)[left:]:
        file.unlink()
    before = {file: file.stat().st_mtime_ns for file in root.rglob("*") if file.is_file()}
    assert lacking_folders(root) == [folder]
    for _ in range(2):
        download_isic2016(root, base_url=server.url)
        assert fetched(server) == [folder]
    assert len(ISIC2016(root, "test")) == 4
    assert {file: file.stat().st_mtime_ns for file in before} == before


def test_a_file_that_was_cut_short_is_replaced_where_its_folder_is_fetched(server: FileServer, root: Path) -> None:
    last, gone = files(root, PHOTOS)[:2]
    sound = last.read_bytes()
    last.write_bytes(sound[: len(sound) // 2])
    gone.unlink()
    download_isic2016(root, base_url=server.url)
    assert last.read_bytes() == sound and gone.exists()


def test_a_photo_of_ones_own_is_not_replaced_by_the_archives(server: FileServer, root: Path) -> None:
    own, gone = files(root, PHOTOS)[:2]
    content = files(root, FOLDERS["train"][0])[0].read_bytes() + b"more"
    own.write_bytes(content)
    gone.unlink()
    download_isic2016(root, base_url=server.url)
    assert own.read_bytes() == content and gone.exists()


def test_fewer_pairs_than_published_are_left_as_they_are_unless_all_are_asked_for(
    server: FileServer, root: Path
) -> None:
    for folder in (PHOTOS, MASKS):
        files(root, folder)[0].unlink()
    download_isic2016(root, base_url=server.url)
    assert server.seen == [] and len(ISIC2016(root, "test")) == 3
    download_isic2016(root, base_url=server.url, complete=True)
    assert fetched(server) == [PHOTOS, MASKS] and len(ISIC2016(root, "test")) == 4


def test_a_partial_set_whose_masks_are_gone_gets_the_masks_of_its_photos(server: FileServer, root: Path) -> None:
    files(root, PHOTOS)[0].unlink()
    for file in files(root, MASKS):
        file.unlink()
    download_isic2016(root, base_url=server.url)
    assert fetched(server) == [MASKS] and len(ISIC2016(root, "test")) == 3


def test_files_that_are_in_no_archive_are_named_and_the_archives_stay(server: FileServer, root: Path) -> None:
    (root / PHOTOS / "holiday.jpg").write_bytes(b"mine")
    for _ in range(2):
        with pytest.raises(DownloadError, match=r"holiday\.jpg.*move these files elsewhere"):
            download_isic2016(root, base_url=server.url)
    assert fetched(server) == [MASKS], "an archive that is sound is fetched once"
    assert (root / PHOTOS / "holiday.jpg").exists()


def test_a_data_set_that_lacks_files_downloads_them_itself_when_asked(
    server: FileServer, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lesionseg_lib.data.datasets.isic_download.OFFICIAL_URL", server.url)
    for file in files(root, PHOTOS):
        file.unlink()
    assert len(ISIC2016(root, "test", download=True)) == 4
