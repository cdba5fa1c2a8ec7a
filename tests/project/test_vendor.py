"""`make vendor`: a package's files, taken out of an archive that is the expected one."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tools.vendor import PACKAGES, VENDOR, Package, fetch, sums

COPY = "import shutil, sys; shutil.copy(sys.argv[1], '.')"
FILES = {"package/a.js": b"run()", "package/b.wasm": b"\0asm" * 500}


@pytest.fixture(params=["package.tgz", "package.whl"])
def archive(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    path = tmp_path / request.param
    if path.suffix == ".whl":
        with zipfile.ZipFile(path, "w") as opened:
            for name, data in FILES.items():
                opened.writestr(name, data)
    else:
        with tarfile.open(path, "w:gz") as opened:
            for name, data in FILES.items():
                entry = tarfile.TarInfo(name)
                entry.size = len(data)
                opened.addfile(entry, io.BytesIO(data))
    return path


def package(archive: Path, integrity: str | None = None) -> Package:
    digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    files = {"package/a.js": "thing/a.js", "package/b.wasm": "thing/b.wasm.gz"}
    return Package((sys.executable, "-c", COPY, str(archive)), integrity or digest, files)


def test_files_are_taken_out_and_packed_where_their_name_says_so(archive: Path, tmp_path: Path) -> None:
    (tmp_path / "download").mkdir()
    written = fetch(package(archive), tmp_path / "download", place := tmp_path / "vendor")
    assert written == [place / "thing" / "a.js", place / "thing" / "b.wasm.gz"]
    assert written[0].read_bytes() == FILES["package/a.js"]
    assert gzip.decompress(written[1].read_bytes()) == FILES["package/b.wasm"]
    assert sums(written, place).splitlines()[0] == f"{hashlib.sha256(b'run()').hexdigest()}  thing/a.js"


def test_another_archive_under_that_name_changes_nothing(archive: Path, tmp_path: Path) -> None:
    (tmp_path / "download").mkdir()
    with pytest.raises(ValueError, match=r"found SHA-512 .+, expected AAAA\. Nothing was changed"):
        fetch(package(archive, "AAAA"), tmp_path / "download", tmp_path / "vendor")
    assert not (tmp_path / "vendor").exists()


def test_what_is_vendored_is_what_would_be_fetched() -> None:
    named = {name for package in PACKAGES for name in package.files.values()}
    assert named == {path.relative_to(VENDOR).as_posix() for path in VENDOR.glob("*/*")}
