"""Which modules of the library have a place on its pages in the book."""

import re

from tools import ROOT

PACKAGE = ROOT / "lesionseg_lib"


def listed() -> list[str]:
    """The folders that ``book/api.md`` names, in its order: "data", "models", ..."""
    return re.findall(
        r"^ +~lesionseg_lib\.(\w+)$", (ROOT / "book" / "api.md").read_text(encoding="utf-8"), re.MULTILINE
    )


def documented() -> set[str]:
    """Every folder and file below the listed ones, as "data.cache": autosummary goes through all of them."""
    found = set()
    for path in PACKAGE.rglob("*.py"):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        name = ".".join(part for part in parts if part != "__init__")
        if parts[0] in listed() and not parts[-1].startswith("__main"):
            found.add(name)
    return found
