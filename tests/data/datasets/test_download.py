"""Downloads from a server that fails in every known way, and what must be left on disk afterwards."""

from __future__ import annotations

import hashlib
import os
import zipfile

import pytest

from lesionseg_lib.data.datasets import download
from lesionseg_lib.data.datasets.download import unpack
from lesionseg_lib.data.datasets.isic_download import FOLDERS
from lesionseg_lib.errors import DownloadError
from tests.helpers.archives import damaged, isic_archives, names
from tests.helpers.disk import fill_disk
from tests.helpers.server import serving

FILE = "file.zip"
BODY = os.urandom(300_000)
FIRST = f"{FOLDERS['train'][0]}.zip"


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(download, "FIRST_WAIT", 0.001)
    with serving() as server:
        server.files[FILE] = BODY
        yield server


# ---- one file ----


def test_a_file_arrives_whole_and_nothing_else_stays(server, tmp_path):
    download.fetch(server.url + FILE, tmp_path / FILE, md5=hashlib.md5(BODY).hexdigest())
    assert (tmp_path / FILE).read_bytes() == BODY
    assert names(tmp_path) == [FILE]


def test_a_file_that_is_there_is_not_fetched_again(server, tmp_path):
    (tmp_path / FILE).write_bytes(BODY)
    download.fetch(server.url + FILE, tmp_path / FILE, md5=hashlib.md5(BODY).hexdigest())
    assert server.seen == []


def test_a_dropped_connection_is_resumed_from_where_it_broke(server, tmp_path):
    server.faults[FILE] = [("drop", 200_000), ("drop", 70_000)]
    download.fetch(server.url + FILE, tmp_path / FILE)
    assert (tmp_path / FILE).read_bytes() == BODY
    starts = [0 if wanted is None else int(wanted[len("bytes=") : -1]) for _, wanted in server.seen]
    assert len(starts) == 3
    # What has not filled a buffer when the connection breaks is lost; the buffer has 65,536 bytes.
    assert starts[0] == 0
    assert 200_000 - 65_536 < starts[1] <= 200_000
    assert starts[1] < starts[2] <= starts[1] + 70_000


def test_a_later_call_continues_what_an_earlier_one_left(server, tmp_path):
    server.faults[FILE] = [("drop", 150_000), *[("status", 503)] * 4]
    with pytest.raises(DownloadError, match=rf"503.*0\.1 MB are kept in .*{FILE}\.part.*it continues where it stopped"):
        download.fetch(server.url + FILE, tmp_path / FILE)
    assert names(tmp_path) == [f"{FILE}.part"]
    kept = (tmp_path / f"{FILE}.part").stat().st_size
    assert kept > 65_536
    download.fetch(server.url + FILE, tmp_path / FILE)
    assert server.seen[-1] == (FILE, f"bytes={kept}-")
    assert (tmp_path / FILE).read_bytes() == BODY


def test_a_server_that_ignores_ranges_is_started_over(server, tmp_path):
    server.faults[FILE] = [("drop", 200_000), ("ignore range",)]
    download.fetch(server.url + FILE, tmp_path / FILE)
    assert (tmp_path / FILE).read_bytes() == BODY
    assert len(server.seen) == 2


def test_a_server_that_sends_less_than_the_rest_is_asked_for_more(server, tmp_path):
    server.faults[FILE] = [("drop", 200_000), ("short range", 10_000)]
    download.fetch(server.url + FILE, tmp_path / FILE)
    assert (tmp_path / FILE).read_bytes() == BODY
    assert len(server.seen) == 3


def test_a_server_that_sends_another_range_is_started_over(server, tmp_path):
    server.faults[FILE] = [("drop", 200_000), ("wrong range",)]
    download.fetch(server.url + FILE, tmp_path / FILE)
    assert (tmp_path / FILE).read_bytes() == BODY
    assert server.seen[2] == (FILE, None)


def test_a_part_that_is_whole_already_is_taken(server, tmp_path):
    (tmp_path / f"{FILE}.part").write_bytes(BODY)
    download.fetch(server.url + FILE, tmp_path / FILE)
    assert (tmp_path / FILE).read_bytes() == BODY
    assert len(server.seen) == 1


def test_a_part_longer_than_the_file_is_thrown_away(server, tmp_path):
    (tmp_path / f"{FILE}.part").write_bytes(BODY + b"more")
    download.fetch(server.url + FILE, tmp_path / FILE)
    assert (tmp_path / FILE).read_bytes() == BODY


def test_a_part_of_another_file_fails_the_md5_and_is_removed(server, tmp_path):
    (tmp_path / f"{FILE}.part").write_bytes(b"of another version")
    with pytest.raises(DownloadError, match=r"is not the file expected: MD5 .* It was removed\. Try again"):
        download.fetch(server.url + FILE, tmp_path / FILE, md5=hashlib.md5(BODY).hexdigest())
    assert names(tmp_path) == []


@pytest.mark.parametrize("code", [429, 500, 502, 503])
def test_a_server_that_is_busy_is_asked_again(server, tmp_path, code):
    server.faults[FILE] = [("status", code)] * 4
    download.fetch(server.url + FILE, tmp_path / FILE)
    assert (tmp_path / FILE).read_bytes() == BODY
    assert len(server.seen) == 5


def test_a_server_that_stays_busy_is_given_up(server, tmp_path):
    server.faults[FILE] = [("status", 503)] * 9
    with pytest.raises(DownloadError, match=r"file\.zip could not be fetched: the server answered 503 Service Unavail"):
        download.fetch(server.url + FILE, tmp_path / FILE)
    assert len(server.seen) == download.ATTEMPTS


def test_pauses_between_attempts_double(server, tmp_path, monkeypatch):
    pauses = []
    monkeypatch.setattr(download, "FIRST_WAIT", 1.0)
    monkeypatch.setattr(download.time, "sleep", pauses.append)
    server.faults[FILE] = [("status", 503)] * 9
    with pytest.raises(DownloadError):
        download.fetch(server.url + FILE, tmp_path / FILE)
    assert pauses == [1, 2, 4, 8]


def test_failures_with_progress_between_them_do_not_add_up(server, tmp_path, monkeypatch):
    monkeypatch.setattr(download, "_PROGRESS", 1000)
    monkeypatch.setattr(download, "_CHUNK", 1000)
    server.faults[FILE] = [("drop", 30_000)] * 8
    download.fetch(server.url + FILE, tmp_path / FILE)
    assert (tmp_path / FILE).read_bytes() == BODY


@pytest.mark.parametrize(("code", "words"), [(404, "404 Not Found"), (403, "403 Forbidden")])
def test_a_refusal_is_not_repeated(server, tmp_path, code, words):
    server.faults[FILE] = [("status", code)]
    with pytest.raises(DownloadError, match=rf"server answered {words}\. The file may have moved.*isic-archive\.com"):
        download.fetch(server.url + FILE, tmp_path / FILE)
    assert len(server.seen) == 1
    assert names(tmp_path) == []


@pytest.mark.parametrize("fault", [[("page",)], []])
def test_a_web_page_instead_of_the_file_is_refused(server, tmp_path, fault):
    server.files[FILE] = b"\n <!doctype HTML><html>moved</html>"  # under the type of an archive
    server.faults[FILE] = fault
    with pytest.raises(DownloadError, match="a web page came instead of the file"):
        download.fetch(server.url + FILE, tmp_path / FILE)
    assert names(tmp_path) == []


def test_a_web_page_does_not_destroy_what_has_arrived(server, tmp_path):
    (tmp_path / f"{FILE}.part").write_bytes(BODY[:1000])
    server.faults[FILE] = [("page",)]
    with pytest.raises(DownloadError, match="a web page"):
        download.fetch(server.url + FILE, tmp_path / FILE)
    assert (tmp_path / f"{FILE}.part").read_bytes() == BODY[:1000]


def test_no_server_at_all_is_reported(monkeypatch, tmp_path):
    monkeypatch.setattr(download, "FIRST_WAIT", 0.001)
    with serving() as server:
        url = server.url
    with pytest.raises(DownloadError, match="could not be fetched: .*Check the connection"):
        download.fetch(url + FILE, tmp_path / FILE)


def test_a_full_disk_keeps_what_has_arrived(server, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        fill_disk(patch, ".part", room=200_000)
        with pytest.raises(OSError, match="No space left"):
            download.fetch(server.url + FILE, tmp_path / FILE)
    assert names(tmp_path) == [f"{FILE}.part"]
    download.fetch(server.url + FILE, tmp_path / FILE)
    assert (tmp_path / FILE).read_bytes() == BODY
    assert server.seen[-1] == (FILE, "bytes=196608-")  # three chunks had found room


# ---- unpacking ----


def archive_of(path, *members):
    with zipfile.ZipFile(path, "w") as archive:
        for member in members:
            archive.writestr(member, b"content")
    return path


def test_files_are_unpacked_without_the_archives_own_folders(tmp_path):
    archive = archive_of(tmp_path / FILE, "top/", "top/a.jpg", "__MACOSX/top/._a.jpg", "top/.DS_Store", "b.jpg")
    unpack(archive, tmp_path / "out")
    assert names(tmp_path / "out") == ["a.jpg", "b.jpg"]


def link(name):
    member = zipfile.ZipInfo(name)
    member.external_attr = 0o120777 << 16
    return member


@pytest.mark.parametrize(
    ("member", "reason"),
    [
        ("../evil.jpg", "points outside"),
        ("top/../../evil.jpg", "points outside"),
        ("/tmp/evil.jpg", "points outside"),
        ("..\\evil.jpg", "points outside"),
        ("C:evil.jpg", "points outside"),
        (link("top/evil.jpg"), "is a link"),
    ],
)
def test_members_that_point_outside_are_refused(tmp_path, member, reason):
    archive = archive_of(tmp_path / FILE, "top/a.jpg", member)
    with pytest.raises(DownloadError, match=rf"file\.zip has the member '.*evil\.jpg', which {reason}"):
        unpack(archive, tmp_path / "deep" / "out")
    assert not list(tmp_path.rglob("evil.jpg"))


def test_two_members_of_one_name_are_refused(tmp_path):
    with pytest.raises(DownloadError, match=r"two members named a\.jpg"):
        unpack(archive_of(tmp_path / FILE, "one/a.jpg", "two/a.jpg"), tmp_path / "out")


@pytest.mark.parametrize("how", ["cut short", "flipped byte", "no zip", "empty"])
def test_damaged_archives_are_refused(tmp_path, how):
    (tmp_path / FILE).write_bytes(damaged(isic_archives(tmp_path)[FIRST], how))
    with pytest.raises(DownloadError, match=r"file\.zip is cut short, damaged or no zip archive"):
        unpack(tmp_path / FILE, tmp_path / "out")


@pytest.mark.parametrize("url", ["file:///etc/hostname", "ftp://example.org/a", "example.org/a.zip", "https://", ""])
def test_what_is_no_address_is_said_and_no_connection_is_blamed(tmp_path, url):
    with pytest.raises(DownloadError, match="is no address that a file can be fetched from"):
        download.fetch(url, tmp_path / "a.zip")
    assert not list(tmp_path.iterdir())
