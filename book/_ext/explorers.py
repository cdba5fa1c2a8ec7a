"""The directive `{explorer} NAME`: something to play with on the page, a picture in print and without scripts.

An explorer is a folder below `book/explorers/`: `explorer.js`, its picture `still.png` and maybe `data.js`; what they
are called and say stands in `explorers.yml`, what they share in `shared.js` and `shared.css`. The files go into the
built book as they are, and a page asks only for those of its own explorers, when the reader comes near them.
"""

import shutil
import struct
from html import escape
from pathlib import Path
from typing import Any

import yaml
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

FOLDER = "explorers"
KEYS = {"title", "try", "alt", "page"}


def read_entries(folder: Path) -> dict[str, dict[str, str]]:
    """What `explorers.yml` says: name -> title, try, alt and page. Raises ``ValueError`` for other keys."""
    entries: dict[str, dict[str, str]] = yaml.safe_load((folder / "explorers.yml").read_text(encoding="utf-8"))
    for name, entry in entries.items():
        if set(entry) != KEYS:
            raise ValueError(f"explorers.yml, {name}: found {sorted(entry)}; expected {sorted(KEYS)}")
    return entries


def figure(name: str, entry: dict[str, str], base: str, folder: Path, shared: bool = True) -> str:
    """The HTML of an explorer. ``base`` leads to the folder of explorers; ``shared``: the first one of its page."""
    files = ["data.js", "explorer.js"] if (folder / name / "data.js").exists() else ["explorer.js"]
    scripts = " ".join(f"{base}/{name}/{file}" for file in files)
    style = f'<link rel="stylesheet" href="{base}/shared.css">' if shared else ""
    # Said before the first picture is met, which would be fetched otherwise.
    told = "<script>document.documentElement.classList.add('has-scripts')</script>" if shared else ""
    script = f'<script defer src="{base}/shared.js"></script>' if shared else ""
    still = folder / name / "still.png"
    width, height = _size(still) if still.exists() else (0, 0)
    return (
        f'{style}{told}<figure class="explorer" id="explorer-{name}" data-explorer="{name}" '
        f'data-scripts="{scripts}" aria-labelledby="explorer-{name}-title">'
        f'<div class="explorer-head"><span class="explorer-title" id="explorer-{name}-title">{escape(entry["title"])}'
        f'</span><span class="explorer-try"><b>Try:</b> {escape(entry["try"])}</span></div>'
        f'<div class="explorer-body"></div>'
        f'<div class="explorer-still"><img src="{base}/{name}/still.png" alt="{escape(entry["alt"])}" '
        f'width="{width}" height="{height}" loading="lazy">'
        f'<noscript><p class="ex-note">With JavaScript you can play with this picture.</p></noscript></div></figure>'
        f"{script}"
    )


def _size(png: Path) -> tuple[int, int]:
    """Width and height, which a PNG has behind the name of its first part."""
    with png.open("rb") as file:
        return struct.unpack(">II", file.read(24)[16:])


class Explorer(SphinxDirective):
    """``{explorer} NAME``: the explorer of that name, or its still picture without scripts."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """What docutils puts in the directive's place."""
        name, folder = self.arguments[0], Path(self.env.srcdir) / FOLDER
        entries = read_entries(folder)
        if name not in entries:
            raise self.error(f"There is no explorer {name}; there are {', '.join(entries)}.")
        for file in (folder / "explorers.yml", *sorted((folder / name).iterdir())):
            self.env.note_dependency(str(file))
        shown: set[str] = self.env.temp_data.setdefault("explorers", set())
        base = "../" * self.env.docname.count("/") + FOLDER
        html = figure(name, entries[name], base, folder, shared=not shown)
        shown.add(name)
        return [nodes.raw("", html, format="html")]


def _copy(app: Sphinx, error: Exception | None) -> None:
    if error is None and app.builder.format == "html":
        ignore = shutil.ignore_patterns("*.yml")
        shutil.copytree(Path(app.srcdir) / FOLDER, Path(app.outdir) / FOLDER, ignore=ignore, dirs_exist_ok=True)


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("explorer", Explorer)
    app.connect("build-finished", _copy)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
