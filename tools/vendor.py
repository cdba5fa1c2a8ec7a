"""Fetch what the book's pages load of others, so that no page loads anything from another host.

Run by hand to renew them (`python -m tools.vendor`, needs npm); the files are committed. The README beside them is
written from the same table.
"""

import hashlib
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tools import ROOT

VENDOR = ROOT / "book" / "_static" / "vendor"


@dataclass(frozen=True)
class Package:
    """An npm package, and which of its files go where below `book/_static/vendor`."""

    name: str
    version: str
    licence: str
    why: str
    files: dict[str, str]


PACKAGES = (
    Package(
        name="@fontsource/stix-two-math",
        version="5.3.0",
        licence="OFL-1.1",
        why="letters and signs of formulas; the book holds those that it shows (book/_ext/bundle.py)",
        files={
            "files/stix-two-math-latin-400-normal.woff": "stix-two-math/stix-two-math.woff",
            "LICENSE": "stix-two-math/LICENSE",
        },
    ),
)


def fetch(package: Package, target: Path) -> None:
    """Download a package with npm and copy the wanted files.

    Raises:
        subprocess.CalledProcessError: npm could not fetch it.
        KeyError: the package does not hold a wanted file.
    """
    with tempfile.TemporaryDirectory() as folder:
        spec = f"{package.name}@{package.version}"
        packed = subprocess.run(
            ["npm", "pack", "--silent", spec], cwd=folder, check=True, capture_output=True, text=True
        )
        with tarfile.open(Path(folder, packed.stdout.strip().splitlines()[-1])) as archive:
            for member, name in package.files.items():
                content = archive.extractfile(f"package/{member}")
                if content is None:
                    raise KeyError(f"{spec} holds no file {member}")
                path = target / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content.read())


def readme(target: Path) -> str:
    """Say for each file: package, version, licence, SHA-256."""
    lines = ["# Vendored files", "", "Written by `tools/vendor.py`; do not edit.", ""]
    for package in PACKAGES:
        lines += [f"**{package.name} {package.version}** (npm, {package.licence}): {package.why}.", ""]
        lines += ["| file | from | SHA-256 |", "|---|---|---|"]
        for member, name in package.files.items():
            digest = hashlib.sha256((target / name).read_bytes()).hexdigest()
            lines.append(f"| `{name}` | `{member}` | `{digest}` |")
        lines.append("")
    return "\n".join(lines)


def main() -> None:
    for package in PACKAGES:
        fetch(package, VENDOR)
    (VENDOR / "README.md").write_text(readme(VENDOR), encoding="utf-8")


if __name__ == "__main__":
    main()
