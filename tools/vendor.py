"""`make vendor`: fetch the vendored files anew, by version and hash, with npm and pip.

Only whoever renews them needs npm and a network; the book builds from what is committed.
"""

import base64
import gzip
import hashlib
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from lesionseg_lib.utils.files import write_bytes
from tools import ROOT

VENDOR = ROOT / "book" / "_static" / "vendor"
SUM = re.compile(r"^[0-9a-f]{64}  \S+$", re.MULTILINE)


@dataclass(frozen=True)
class Package:
    """What is taken out of one package.

    Attributes:
        fetch: the command that downloads it into the folder where it runs.
        integrity: SHA-512 of what came, in base64, as package registries and their locks write it.
        files: file in the package -> file below ``VENDOR``; one that ends in .gz is packed.
    """

    fetch: tuple[str, ...]
    integrity: str
    files: dict[str, str]


PACKAGES = (
    Package(
        fetch=("npm", "pack", "--silent", "@fontsource/stix-two-math@5.3.0"),
        integrity="negoeozw6VSXjZMozwKRSm/dhCQT62csZcuea9I8KYqPaZq/8KbbBBrA02ZHF7AyuR5mVML/p+q0bwFuSIf2GQ==",
        files={
            "package/LICENSE": "stix-two-math/LICENSE",
            "package/files/stix-two-math-latin-400-normal.woff": "stix-two-math/stix-two-math.woff",
        },
    ),
    Package(
        fetch=("npm", "pack", "--silent", "onnxruntime-web@1.30.0"),
        integrity="q0y+JrrtukXSzsBWEMccVfqX25LRmosXHF+CaRJmg8pZClzcV7svNc4rKY3jL02Vb7QmRMDs1SigqR4CXAfKYQ==",
        files={
            f"package/dist/{name}": f"onnxruntime-web/{name}{packed}"
            for name, packed in (
                ("ort.wasm.min.js", ""),
                ("ort-wasm-simd-threaded.mjs", ""),
                ("ort-wasm-simd-threaded.wasm", ".gz"),
            )
        },
    ),
    Package(  # the package for browsers comes without these texts
        fetch=(
            *(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"),
            *("--python-version=3.11", "--platform=manylinux_2_28_x86_64", "onnxruntime==1.30.0"),
        ),
        integrity="oHcqEiKVUWEg0kDzIxE72Km2li0/1Umn3qEwl6YQ2MGJBQVC7hJUoCo0NDHR7oiiOEVd1VRV3thD+Ap0ImPQ5w==",
        files={
            "onnxruntime/LICENSE": "onnxruntime-web/LICENSE",
            "onnxruntime/ThirdPartyNotices.txt": "onnxruntime-web/ThirdPartyNotices.txt.gz",
        },
    ),
)


def fetch(package: Package, folder: Path, place: Path) -> list[Path]:
    """Download a package into the empty ``folder`` and put its files below ``place``; return them.

    Raises:
        ValueError: what came is not what was vendored before.
    """
    subprocess.run(package.fetch, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    (archive,) = folder.iterdir()
    found = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if found != package.integrity:
        raise ValueError(f"{archive.name}: found SHA-512 {found}, expected {package.integrity}. Nothing was changed.")
    written = []
    for member, name in package.files.items():
        data = read_member(archive, member)
        path = place / name
        write_bytes(path, gzip.compress(data, 9, mtime=0) if name.endswith(".gz") else data)
        written.append(path)
    return written


def read_member(archive: Path, member: str) -> bytes:
    """The bytes of a file in a .tgz or in a wheel. Raises ``KeyError`` where there is none of that name."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as opened:
            return opened.read(member)
    with tarfile.open(archive) as opened:
        file = opened.extractfile(member)
        assert file is not None, f"{member} is no file"
        return file.read()


def sums(files: list[Path], place: Path) -> str:
    """SHA-256 of each file, a line each, as ``sha256sum`` writes them."""
    lines = [f"{hashlib.sha256(f.read_bytes()).hexdigest()}  {f.relative_to(place).as_posix()}" for f in sorted(files)]
    return "\n".join(lines)


def main() -> None:
    files = []
    for package in PACKAGES:
        with tempfile.TemporaryDirectory() as folder:
            files += fetch(package, Path(folder), VENDOR)
    readme = VENDOR / "README.md"
    text = readme.read_text(encoding="utf-8")
    listed = SUM.findall(text)
    new = text.replace("\n".join(listed), sums(files, VENDOR))
    if new != text:
        readme.write_text(new, encoding="utf-8")
    print(f"{len(files)} files below {VENDOR.relative_to(ROOT)}; README.md lists what came: git diff says what is new")


if __name__ == "__main__":
    main()
