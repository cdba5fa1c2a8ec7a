"""Archives made to do harm: refused before anything is written, and removed so that the next call fetches anew."""

from __future__ import annotations

import errno
import struct
import zipfile
from pathlib import Path

import pytest

from lesionseg_lib.data.datasets import download, download_isic2016
from lesionseg_lib.data.datasets.download import unpack
from lesionseg_lib.errors import DownloadError
from tests.helpers.archives import isic_archives
from tests.helpers.server import serving


def member(name: str, mode: int = 0, flags: int = 0) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    info.flag_bits |= flags
    return info


HOSTILE = {
    "a point": (member("."), "no name that a file can have"),
    "a point in a folder": (member("d/."), None),
    "a slash": (member("/"), "no name that a file can have"),
    "a long name": (member("d/" + "x" * 300 + ".jpg"), "a name of more than 255 bytes"),
    "a long name of few letters": (member("d/" + "ä" * 130 + ".jpg"), "a name of more than 255 bytes"),
    "a line break": (member("d/a\nb.jpg"), "no name that a file can have"),
    "upwards": (member("../a.jpg"), "points outside"),
    "a drive": (member("C:/a.jpg"), "points outside"),
    "a link": (member("d/a.jpg", 0o120777), "is a link"),
    "a device": (member("d/a.jpg", 0o060666), "is a device, a pipe or a socket"),
    "a pipe": (member("d/a.jpg", 0o010666), "is a device, a pipe or a socket"),
}


def archive_of(path: Path, *members: zipfile.ZipInfo) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for info in members:
            archive.writestr(info, b"x")
    return path


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_member_is_refused_before_anything_is_written(tmp_path: Path, kind: str) -> None:
    info, reason = HOSTILE[kind]
    archive = archive_of(tmp_path / "a.zip", member("d/first.jpg"), info)
    if reason is None:
        unpack(archive, tmp_path / "out")
        return
    with pytest.raises(DownloadError, match=rf"a\.zip has the member .*{reason}.*nothing was unpacked"):
        unpack(archive, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_an_archive_that_grows_beyond_measure_is_refused_before_it_is_written(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(3):
            archive.writestr(f"d/{number}.jpg", bytes(50 << 20))
    with pytest.raises(DownloadError, match=r"would unpack to 157,286,400\. No archive of photos does that"):
        unpack(tmp_path / "a.zip", tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_an_archive_that_lies_about_its_sizes_is_damaged(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("d/a.jpg", bytes(1 << 20))
    content = (tmp_path / "a.zip").read_bytes().replace(struct.pack("<I", 1 << 20), struct.pack("<I", 10))
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(DownloadError, match="cut short, damaged or no zip archive"):
        unpack(tmp_path / "a.zip", tmp_path / "out")
    assert all(file.stat().st_size <= 10 for file in (tmp_path / "out").iterdir())


@pytest.mark.parametrize(
    ("number", "kept"), [(errno.ENOSPC, True), (errno.EACCES, True), (errno.ENAMETOOLONG, False), (errno.EILSEQ, False)]
)
def test_a_fault_of_the_machine_keeps_the_archive_and_one_of_the_archive_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, kept: bool
) -> None:
    def fail(*_: object) -> None:
        raise OSError(number, "no")

    archive = archive_of(tmp_path / "a.zip", member("d/a.jpg"))
    monkeypatch.setattr(download.shutil, "copyfileobj", fail)
    with pytest.raises(OSError if kept else DownloadError):
        unpack(archive, tmp_path / "out")


@pytest.mark.parametrize("kind", ["a point", "a long name", "a line break", "a pipe"])
def test_a_bad_archive_does_not_stay_to_fail_every_later_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(download, "FIRST_WAIT", 0.001)
    with serving() as server:
        server.files = isic_archives(tmp_path / "scratch")
        name = sorted(server.files)[0]
        sound = server.files[name]
        server.files[name] = archive_of(tmp_path / "bad.zip", HOSTILE[kind][0]).read_bytes()
        with pytest.raises(DownloadError, match="It was removed"):
            download_isic2016(tmp_path / "isic2016", base_url=server.url, checksum=False)
        server.files[name] = sound
        download_isic2016(tmp_path / "isic2016", base_url=server.url, checksum=False)
    assert len(list((tmp_path / "isic2016").iterdir())) == 4
