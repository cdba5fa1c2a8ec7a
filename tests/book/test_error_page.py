"""The page of errors quotes messages that exist, word for word."""

import re

from tools import ROOT

PAGE = (ROOT / "book" / "errors.md").read_text(encoding="utf-8")
OTHERS = {"ImportError: libGL.so.1"}
"""Messages of other libraries."""


def said_by_the_library() -> str:
    """All source text, with neighbouring string literals joined as Python joins them."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "lesionseg_lib").rglob("*.py")))
    return re.sub(r'"\s*\n\s*f?"', "", text)


def test_every_message_on_the_page_is_one_of_the_librarys() -> None:
    quoted = re.findall(r"^### `(.+)`$", PAGE, re.MULTILINE)
    assert len(quoted) > 10
    said = said_by_the_library().replace("{kind}", "recipe")
    assert [message for message in quoted if message not in said and message not in OTHERS] == []


def test_every_message_has_advice() -> None:
    for entry in re.split(r"^### ", PAGE, flags=re.MULTILINE)[1:]:
        assert len(entry.split("\n", 1)[1].split()) > 10, entry.split("\n", 1)[0]
