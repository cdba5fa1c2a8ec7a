"""Every paper that a lesson or a page links to is in the book's list of references."""

import re

import pytest

from tools import ROOT

PAPER = re.compile(r"""(?:arxiv\.org/abs/|doi\.org/)(\d[^\s>\]]*?)(?=\)[\s.,;:)"]|\)$|[\s>\]]|$)""", re.MULTILINE)
LISTED = (ROOT / "book" / "references.bib").read_text(encoding="utf-8")
TEXTS = sorted((ROOT / "notebooks" / "sources").glob("*.py")) + sorted((ROOT / "book").glob("*.md"))


def papers(text: str) -> list[str]:
    """arXiv numbers and DOIs that a markdown text links to."""
    return PAPER.findall(text)


def test_a_link_is_read_up_to_its_bracket():
    text = "([Lee 1997](https://doi.org/10.1016/S0010-4825(97)00020-6)); see <https://arxiv.org/abs/1708.02002>."
    assert papers(text) == ["10.1016/S0010-4825(97)00020-6", "1708.02002"]


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_a_paper_that_is_linked_is_listed(path):
    assert [paper for paper in papers(path.read_text(encoding="utf-8")) if f"{{{paper}}}" not in LISTED] == []
