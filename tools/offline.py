"""`make bundle`: the course in one zip, to be read and run where there is no internet.

The book opens from disk, explorers included; beside it lie the notebooks and the library's wheel. The same commit gives
the same bytes: files are sorted, and all carry one date.
"""

import hashlib
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from lesionseg_lib.utils.files import replacing
from tools import ROOT, repository
from tools.book import BUILD, BookError, build_committed, committed

DATE = (1980, 1, 1, 0, 0, 0)
"""The earliest that a zip knows."""

README = """\
A course on segmenting skin lesions, without the internet. Version {version}.

To read: open book/index.html in a browser. Everything works from disk; nothing is fetched.
To run, with Python 3.11 to 3.14 and PyTorch on the machine:
    python -m pip install {wheel} jupyterlab
    jupyter lab notebooks
  Where pip cannot fetch what the library needs, too: book/using.html, "Without the internet".
Lessons draw their own lesions until photographs are there. LESIONSEG_PROFILE=smoke takes seconds.
{runs}
Code: MIT. Text and figures: CC BY 4.0. No medical device. Newest version: {repository}/releases/latest
"""
WITH_RUNS = """\
Trained networks are in runs/: python -m http.server --directory runs 8000, and in another terminal
    lesionseg download --runs --url http://127.0.0.1:8000"""
WITHOUT_RUNS = "Trained networks are not in this file; a release carries them one by one."


def contents(html: Path, wheel: Path, runs: Path | None) -> Iterator[tuple[str, Path | str]]:
    """Names in the zip, and where their bytes come from: a file, or text.

    Args:
        html: the built book.
        wheel: the library.
        runs: what `make runs-archive` packed; None leaves it out.
    """
    texts = {"version": version("lesionseg"), "wheel": wheel.name, "repository": repository()}
    yield "README.txt", README.format(**texts, runs=WITH_RUNS if runs else WITHOUT_RUNS)
    yield wheel.name, wheel
    for name in ("LICENSE", "LICENSE-text", "CITATION.cff"):
        yield name, ROOT / name
    for notebook in committed():
        yield f"notebooks/{notebook.name}", notebook
    yield "notebooks/nbval.cfg", ROOT / "notebooks" / "nbval.cfg"
    folders = {"book": html} | ({"runs": runs} if runs else {})
    for name, folder in folders.items():
        for file in sorted(folder.rglob("*")):
            inside = file.relative_to(folder)
            if file.is_file() and not (inside.parts[0].startswith(".") or inside.name == "objects.inv"):
                yield f"{name}/{inside.as_posix()}", file


def pack(html: Path, wheel: Path, target: Path, runs: Path | None = None) -> str:
    """Write the zip and, beside it, ``target.sha256`` as `sha256sum --check` reads it; return the digest.

    Raises:
        OSError: naming the file that cannot be read or written; what stood at ``target`` is still there.
    """
    top = target.stem
    target.parent.mkdir(parents=True, exist_ok=True)
    with replacing(target) as part, zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, source in contents(html, wheel, runs):
            entry = zipfile.ZipInfo(f"{top}/{name}", DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, source if isinstance(source, str) else source.read_bytes())
    digest = hashlib.sha256(target.read_bytes()).hexdigest()
    with replacing(target.with_name(f"{target.name}.sha256")) as part:
        part.write_text(f"{digest}  {target.name}\n", encoding="utf-8")
    return digest


def build_wheel(root: Path, target: Path) -> Path:
    """The wheel of a checkout, built with what is installed: no network, no build environment."""
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    command += ["--disable-pip-version-check", "--wheel-dir", str(target), str(root)]
    subprocess.run(command, check=True)
    (wheel,) = target.glob("lesionseg-*.whl")
    return wheel


def main() -> None:
    runs = ROOT / "dist" / "runs"
    target = ROOT / "dist" / f"lesionseg-course-{version('lesionseg')}.zip"
    try:
        build_committed()
    except BookError as error:
        sys.exit(str(error))
    with tempfile.TemporaryDirectory() as folder:
        wheel = build_wheel(ROOT, Path(folder))
        pack(BUILD / "html", wheel, target, runs if runs.is_dir() and "--runs" in sys.argv else None)
        shutil.copy(wheel, ROOT / "dist" / wheel.name)
    print(f"{target.relative_to(ROOT)}, {target.stat().st_size / 1e6:.0f} MB, with its SHA-256 beside it")


if __name__ == "__main__":
    main()
