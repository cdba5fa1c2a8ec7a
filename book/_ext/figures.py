"""Figures of lessons: a number, a caption, and alt text that is not longer than one listens to.

The caption is the first sentence of the alt text that the library wrote. What would make the alt text too long follows
the figure, folded. Charts that a notebook holds as SVG become part of the page, so that their lines and letters take
the colours of the theme; pictures are loaded when they come into sight.
"""

import re
from html import escape

from cells import lesson_of
from docutils import nodes
from sphinx.application import Sphinx

LONGEST = 300
"""Characters of alt text; a screen reader takes twenty seconds for them."""
SENTENCE = re.compile(r"(?<=[a-z)%\]0-9][.;])\s+(?=[A-Z0-9])")


def split(alt: str) -> tuple[str, str, str]:
    """Return caption, alt text of at most 300 characters, and the whole text if that left something out."""
    sentences = SENTENCE.split(" ".join(alt.split()))
    caption = sentences[0].rstrip(".;") + "."
    short = ""
    for sentence in sentences:
        if short and len(short) + 1 + len(sentence) > LONGEST:
            break
        short = f"{short} {sentence}".strip()
    if len(short) > LONGEST:
        short = short[: LONGEST - 1].rsplit(" ", 1)[0] + "…"
    return caption, short, alt if len(short) < len(" ".join(alt.split())) else ""


def _caption(app: Sphinx, doctree: nodes.document, page: str) -> None:
    lesson = lesson_of(page)
    for image in doctree.findall(nodes.image):
        image["loading"] = "lazy"
    if lesson is None:
        return
    found = [one for one in doctree.findall(_is_picture) if one.get("alt") and _is_output(one)]
    for number, image in enumerate(found, start=1):
        name = f"Figure {int(lesson)}.{number}"
        caption, image["alt"], whole = split(image["alt"])
        figure = nodes.figure("", image.deepcopy(), ids=[f"figure-{number}"])
        text = nodes.caption("", "", nodes.strong("", name), nodes.Text(f". {caption}"))
        figure += text
        replaced: list[nodes.Node] = [figure]
        if whole:
            folded = f"<details><summary>{name} in words</summary><p>{escape(whole)}</p></details>"
            replaced.append(nodes.raw("", f'<div class="in-words">{folded}</div>', format="html"))
        image.parent.replace(image, replaced)


def _is_picture(node: nodes.Node) -> bool:
    """An image, or a chart that is part of the page (alt_text.py)."""
    return isinstance(node, nodes.image | nodes.raw)


def _is_output(node: nodes.Node) -> bool:
    while (node := node.parent) is not None:
        if isinstance(node, nodes.container) and node.get("nb_element") == "cell_code_output":
            return True
    return False


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("doctree-resolved", _caption)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
