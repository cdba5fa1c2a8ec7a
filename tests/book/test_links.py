"""Every lesson ends by saying what it used of the library and where to go on, and the links lead there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.helpers.api import documented
from tests.helpers.prose import prose_of
from tools import repository
from tools.links import UnknownModule, api, in_book
from tools.notebooks import sources

PLACEHOLDER = re.compile(r"\{\{ api\(\"([\w.]+)\"\) \}\}")
LESSONS = pytest.mark.parametrize("source", sources(), ids=lambda path: path.stem)


def test_a_notebook_links_to_the_source_of_a_module_and_of_a_package() -> None:
    assert f"{api('evaluation.metrics')}, {api('models.decoders')}" == (
        f"[`metrics`]({repository()}/blob/main/lesionseg_lib/evaluation/metrics.py), "
        f"[`decoders`]({repository()}/tree/main/lesionseg_lib/models/decoders)"
    )


def test_a_module_in_a_folder_goes_by_its_last_name_and_the_book_knows_the_whole() -> None:
    link = api("models.decoders.unet")
    assert link == f"[`unet`]({repository()}/blob/main/lesionseg_lib/models/decoders/unet.py)"
    assert in_book(link) == "[`unet`](lesionseg_lib.models.decoders.unet)"


def test_the_book_links_to_its_own_page_and_leaves_other_links_alone() -> None:
    other = f"[`a`]({repository()}/blob/main/README.md) and [b](02_b.ipynb)"
    assert in_book(f"{api('evaluation.metrics')}, {api('models.decoders')}") == (
        "[`metrics`](lesionseg_lib.evaluation.metrics), [`decoders`](lesionseg_lib.models.decoders)"
    )
    assert in_book(other) == other


@pytest.mark.parametrize("module", ["metric", "decoders.unets", "decoders.unet.UNet"])
def test_a_module_that_does_not_exist_is_named(module: str) -> None:
    with pytest.raises(UnknownModule, match=f"^there is no lesionseg_lib/{module.replace('.', '/')}$"):
        api(module)


@LESSONS
def test_a_lesson_names_what_it_used_of_the_library_and_the_book_documents_it(source: Path) -> None:
    named = PLACEHOLDER.findall(prose_of(source).partition("**In the library**")[2])
    assert 3 <= len(named) <= 6, "end with '**In the library**: {{ api(\"metrics\") }} ...', three to six modules"
    assert sorted(set(named) - documented()) == [], "put it on a page of book/api/ and on book/api.md"


@LESSONS
def test_a_lesson_leads_to_the_next_one(source: Path) -> None:
    lessons = sources()
    _, *following = lessons[lessons.index(source) :]
    links = re.findall(r"^ Next, \[lesson (\d\d)\]\(([\w.]+)\): ", prose_of(source), re.MULTILINE)
    assert links == [(one.stem[:2], f"{one.stem}.ipynb") for one in following[:1]]


@LESSONS
def test_the_page_of_the_library_has_what_the_lesson_imports(source: Path) -> None:
    imported = set(re.findall(r"^ *from lesionseg_lib\.(\w+)", source.read_text(encoding="utf-8"), re.MULTILINE))
    for names in re.findall(r"^ *from lesionseg_lib import (.+)$", source.read_text(encoding="utf-8"), re.MULTILINE):
        imported |= set(names.split(", "))
    assert sorted(imported - documented()) == [], "put it on a page of book/api/ and on book/api.md"
