"""What CONTRIBUTING.md and the README's tree name is there, and every folder of the library is named."""

from __future__ import annotations

import re

import pytest

from tests.helpers.api import PACKAGE
from tools import ROOT

TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
NEW = re.compile(r"NEW|NN|NAME|13")
"""Parts of names of files that are yet to be written."""


def rows() -> list[list[str]]:
    """The cells of the table "Where do I change ..."."""
    table = TEXT.partition("## Where do I change")[2].partition("\n## ")[0]
    return [line.strip("|").split("|") for line in table.splitlines() if line.startswith("| ") and "---" not in line][
        1:
    ]


def test_every_file_of_the_table_exists() -> None:
    missing = []
    for _, file, also in rows():
        folder = ""
        for name in re.findall(r"`([\w./*-]+(?:/|\.(?:py|toml|md|j2|yml|yaml|txt|ipynb)))`", file + also):
            if NEW.search(name):
                continue
            # A bare name stands in the folder of the one before it.
            places = [root / part / name for root in (PACKAGE, ROOT) for part in ("", folder)]
            if not any(list(place.parent.glob(place.name)) for place in places):
                missing.append(name)
            folder = name.rpartition("/")[0] or folder
    assert len(rows()) > 40 and missing == []


@pytest.mark.parametrize("path", re.findall(r"`((?:tests|tools|book|benchmarks)/[\w./]+\.\w+)`", TEXT))
def test_every_path_in_the_text_exists(path: str) -> None:
    assert NEW.search(path) or (ROOT / path).exists()


def test_every_target_exists() -> None:
    assert set(re.findall(r"(?:^|`)make ([a-z-]+)", TEXT, re.MULTILINE)) <= TARGETS


def test_every_link_inside_the_page_leads_to_a_heading() -> None:
    headings = {
        re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-")
        for heading in re.findall(r"^#+ (.+)$", TEXT, re.MULTILINE)
    }
    assert set(re.findall(r"\]\(#([\w-]+)\)", TEXT)) <= headings


def test_both_trees_name_every_folder() -> None:
    folders = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for text in (TEXT, readme):
        assert folders == set(re.findall(r"^ {0,2}(\w+)/ ", text, re.MULTILINE)) & folders
