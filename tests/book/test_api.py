"""The library's pages: one a folder, each file on it under its name, docstrings as they are written."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest

from tests.helpers.api import PACKAGE, documented, listed
from tests.helpers.built_book import built_book
from tools import ROOT, repository

FOLDERS = sorted(".".join(path.parent.relative_to(PACKAGE.parent).parts) for path in PACKAGE.rglob("__init__.py"))[
    1:
]  # without the package itself


def test_the_overview_lists_every_folder_once() -> None:
    there = {path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in PACKAGE.rglob("*.py")}
    assert sorted(listed()) == sorted(there - {"__init__", "__main__"})


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    """Name of the folder -> HTML of its page."""
    found = {path.stem: path.read_text(encoding="utf-8") for path in (built_book() / "api").glob("*.html")}
    assert sorted(found) == sorted([*FOLDERS, "lesionseg_lib.errors"])
    return found


@pytest.mark.slow
def test_every_module_has_its_anchor_once(pages: dict[str, str]) -> None:
    anchors = re.findall(r'id="module-lesionseg_lib\.([\w.]+)"', "".join(pages.values()))
    assert sorted(anchors) == sorted(documented())


@pytest.mark.slow
def test_headings_are_the_names_of_folders_and_files(pages: dict[str, str]) -> None:
    for folder, page in pages.items():
        headings = [
            unescape(re.sub(r"<[^>]+>", "", heading)).rstrip("#")
            for heading in re.findall(r"<h[12]>(.*?)</h[12]>", page.partition("<article")[2], re.DOTALL)
        ]
        files = sorted(name for name in documented() if f"lesionseg_lib.{name}".rpartition(".")[0] == folder)
        inner = [name for name in files if f"lesionseg_lib.{name}" not in FOLDERS]
        assert headings == [folder.removeprefix("lesionseg_lib."), *inner]


@pytest.mark.slow
def test_no_sentence_is_taken_for_a_type(pages: dict[str, str]) -> None:
    split = [folder for folder, page in pages.items() if re.search(r"<p>Type:?</p>|<dt[^>]*>Type<span", page)]
    assert split == []
    text = unescape(re.sub(r"<[^>]+>", "", pages["lesionseg_lib.training"]))
    assert "Learning rate of the encoder; None: the same as the decoder’s." in text.replace("'", "’")


@pytest.mark.slow
def test_what_other_libraries_say_of_their_own_methods_is_left_out(pages: dict[str, str]) -> None:
    text = "".join(pages.values())
    for theirs in (
        "Define the computation performed at every call",
        "registered hooks",
        "mpltype",
        "Set multiple properties",
    ):
        assert theirs not in text


@pytest.mark.slow
def test_a_page_is_edited_where_its_folder_is_described(pages: dict[str, str]) -> None:
    for folder, page in pages.items():
        (link,) = set(re.findall(rf'href="{re.escape(repository())}/edit/main/([^"]+)"', page))
        assert (ROOT / link).is_file(), f"{folder}: {link}"
        assert Path(link).parts[0] == "lesionseg_lib"
