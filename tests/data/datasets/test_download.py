"""Downloads from a server that fails in every known way, and what must be left on disk afterwards."""

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
from lesionseg_lib.data.datasets.download import unpack
from lesionseg_lib.data.datasets.isic_download import COUNTS, FOLDERS, MIRROR_MD5, urls
from lesionseg_lib.errors import DataError, DownloadError
from tests.helpers.archives import isic_archives, mirror_arrays, npz
from tests.helpers.disk import fill_disk
from tests.helpers.server import serving

FILE = "file.zip"
BODY = os.urandom(300_000)
FIRST, SECOND, THIRD, FOURTH = (f"{folder}.zip" for pair in FOLDERS.values() for folder in pair)


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(download, "FIRST_WAIT", 0.001)
    with serving() as server:
        server.files[FILE] = BODY
        yield server


@pytest.fixture
def isic_server(server, tmp_path, monkeypatch):
    """Serves the four archives with 3 training and 2 test pairs, which are also the counts expected."""
    for split, count in (("train", 3), ("test", 2)):
        monkeypatch.setitem(COUNTS, split, count)
    server.files |= isic_archives(tmp_path / "scratch")
    return server


def names(folder):
    return sorted(entry.name for entry in folder.iterdir())


# ---- one file ----


def test_a_file_arrives_whole_and_nothing_else_stays(server, tmp_path):
    download.fetch(server.url + FILE, tmp_path / FILE, hashlib.md5(BODY).hexdigest())
    assert (tmp_path / FILE).read_bytes() == BODY
    assert names(tmp_path) == [FILE]


def test_a_file_that_is_there_is_not_fetched_again(server, tmp_path):
    (tmp_path / FILE).write_bytes(BODY)
    download.fetch(server.url + FILE, tmp_path / FILE, hashlib.md5(BODY).hexdigest())
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
        download.fetch(server.url + FILE, tmp_path / FILE, hashlib.md5(BODY).hexdigest())
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


def damaged(archive, how):
    match how:
        case "cut short":
            return archive[: len(archive) // 2]
        case "flipped byte":  # inside the first photo; the archive is not compressed
            place = archive.index(b".jpg") + 100
            return archive[:place] + bytes([archive[place] ^ 255]) + archive[place + 1 :]
        case "no zip":
            return b"something else"
        case "empty":
            return b""


@pytest.mark.parametrize("how", ["cut short", "flipped byte", "no zip", "empty"])
def test_damaged_archives_are_refused(tmp_path, how):
    (tmp_path / FILE).write_bytes(damaged(isic_archives(tmp_path)[FIRST], how))
    with pytest.raises(DownloadError, match=r"file\.zip is cut short, damaged or no zip archive"):
        unpack(tmp_path / FILE, tmp_path / "out")


# ---- the data set ----


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


def test_the_mirror_is_downloaded_and_verified(server, tmp_path, monkeypatch):
    data = npz(mirror_arrays())
    server.files["isic2016_128.npz"] = data
    with pytest.raises(DownloadError, match="is not the file expected: MD5"):
        download_isic2016(tmp_path / "isic2016", source="mirror128", base_url=server.url)
    assert not (tmp_path / "isic2016").exists()
    monkeypatch.setitem(MIRROR_MD5, "mirror128", hashlib.md5(data).hexdigest())
    download_isic2016(tmp_path / "isic2016", source="mirror128", base_url=server.url)
    assert names(tmp_path) == ["isic2016"]
    assert len(ISIC2016(tmp_path / "isic2016", split="test", source="mirror128")) == 2


def test_a_mirror_that_is_something_else_is_refused_even_without_checksum(server, tmp_path):
    server.files["isic2016_128.npz"] = npz({"train_images": mirror_arrays()["train_images"]})
    with pytest.raises(DownloadError, match=r"is not the mirror expected\. .*expected test_label"):
        download_isic2016(tmp_path / "isic2016", source="mirror128", base_url=server.url, checksum=False)
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
