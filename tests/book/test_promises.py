"""Every promise on the page names a test that holds it, and the test is there."""

from __future__ import annotations

import ast
import re

import pytest

from tools import ROOT

PAGE = (ROOT / "book" / "promises.md").read_text(encoding="utf-8")
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)


@pytest.mark.parametrize(("file", "test"), NAMED, ids=[test for _, test in NAMED])
def test_a_named_test_is_there(file: str, test: str) -> None:
    functions = [node for node in ast.parse((ROOT / file).read_text("utf-8")).body if isinstance(node, ast.FunctionDef)]
    assert test in [function.name for function in functions]


def test_every_promise_names_its_test() -> None:
    promises = re.split(r"^- ", PAGE, flags=re.MULTILINE)[1:]
    assert len(promises) > 12
    for promise in promises:
        assert "`tests/" in promise, promise.split("\n")[0]
    assert len(NAMED) == PAGE.count("`tests/") > 20


def test_the_page_is_in_the_book_and_security_is_said_where_it_is_looked_for() -> None:
    assert "- file: promises" in (ROOT / "book" / "_toc.yml").read_text(encoding="utf-8")
    assert "Nothing" in (ROOT / "SECURITY.md").read_text(encoding="utf-8")
