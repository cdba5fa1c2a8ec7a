"""Links that nobody has to write: "lesson 07" leads to the lesson, and a page's first use of a word to the glossary.

The glossary's entry travels with its link, so that ``_page/page.js`` shows it to whoever points at the word.
"""

import re
from html import escape

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx

LESSONS = re.compile(r"(?<![\w-])[Ll]essons?\s+\d\d(?:(?:,\s+and|,|\s+and|\s+to|\s+or|\s+or\s+in)\s+\d\d)*(?!\w)")
NUMBER = re.compile(r"(?:[Ll]essons?\s+)?(\d\d)")
CLOSED = (nodes.reference, pending_xref, nodes.literal, nodes.literal_block, nodes.title, nodes.math, nodes.raw)
WITH_TERMS = re.compile(r"notebooks/|(?:data|using|model_card|errors)$")
GLOSSARY = "glossary"


def _link(app: Sphinx, doctree: nodes.document, page: str) -> None:
    lessons = {name[10:12]: name for name in app.env.found_docs if re.match(r"notebooks/\d\d_", name)}
    terms = _terms(app) if WITH_TERMS.match(page) else {}
    pattern = _pattern(terms)
    for text in list(doctree.findall(nodes.Text)):
        if _is_closed(text):
            continue
        pieces = _with_lessons(app, str(text), page, lessons)
        if pattern is not None:
            pieces = [new for piece in pieces for new in _with_terms(app, piece, page, terms, pattern)]
        if len(pieces) > 1 or pieces[0] != str(text):
            new = [nodes.Text(piece) if isinstance(piece, str) else piece for piece in pieces if piece != ""]
            text.parent.replace(text, new)


def _is_closed(text: nodes.Node) -> bool:
    while (text := text.parent) is not None:
        if isinstance(text, CLOSED):
            return True
    return False


def _with_lessons(app: Sphinx, text: str, page: str, lessons: dict[str, str]) -> list[str | nodes.raw]:
    """The text in pieces, mentions of lessons as links; a lesson is not linked on its own page."""
    pieces: list[str | nodes.raw] = []
    done = 0
    for mention in LESSONS.finditer(text):
        for number in NUMBER.finditer(text, mention.start(), mention.end()):
            target = lessons.get(number[1])
            if target is None or target == page:
                continue
            title = app.env.titles[target].astext()
            address = app.builder.get_relative_uri(page, target)
            pieces += [text[done : number.start()], _anchor(address, number[0], f'title="{escape(title)}"')]
            done = number.end()
    return [*pieces, text[done:]]


def _terms(app: Sphinx) -> dict[str, tuple[str, str]]:
    """Every word of the glossary in small letters, with its anchor and the text of its entry."""
    found = {}
    for item in app.env.get_doctree(GLOSSARY).findall(nodes.definition_list_item):
        entry = " ".join(node.astext() for node in item.findall(nodes.definition))
        for term in item.findall(nodes.term):
            found[_spelt(term.astext())] = (term["ids"][0], " ".join(entry.split()))
    return found


def _spelt(word: str) -> str:
    """As it is looked up: abbreviations keep their capitals."""
    return word if word.isupper() or any(c.isupper() for c in word[1:]) else word.lower()


def _pattern(terms: dict[str, tuple[str, str]]) -> re.Pattern[str] | None:
    if not terms:
        return None
    words = sorted(terms, key=len, reverse=True)
    spelt = (f"[{w[0]}{w[0].upper()}]{re.escape(w[1:])}".replace(r"\ ", r"\s+") for w in words)
    # Nobody who reads "in front of" asks what a front is.
    return re.compile(rf"(?<![\w-])(?!front\s+of\b)({'|'.join(spelt)})(?:s|es)?(?![\w-])")


def _with_terms(
    app: Sphinx,
    piece: str | nodes.raw,
    page: str,
    terms: dict[str, tuple[str, str]],
    pattern: re.Pattern[str],
) -> list[str | nodes.raw]:
    """The piece with links to the glossary; what was linked leaves `terms`, with the other words for it."""
    if not isinstance(piece, str):
        return [piece]
    pieces: list[str | nodes.raw] = []
    done = 0
    for match in pattern.finditer(piece):
        entry = terms.get(_spelt(" ".join(match[1].split())))
        if entry is None:
            continue
        for word in [word for word, other in terms.items() if other[1] == entry[1]]:
            del terms[word]
        address = f"{app.builder.get_relative_uri(page, GLOSSARY)}#{entry[0]}"
        about = f'class="term" data-entry="{escape(entry[1])}"'
        pieces += [piece[done : match.start()], _anchor(address, match[0], about)]
        done = match.end()
    return [*pieces, piece[done:]]


def _anchor(address: str, text: str, attributes: str) -> nodes.raw:
    return nodes.raw("", f'<a href="{escape(address)}" {attributes}>{escape(text, quote=False)}</a>', format="html")


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("doctree-resolved", _link)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
