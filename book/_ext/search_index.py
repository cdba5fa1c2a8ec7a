"""What the book's search looks through: the prose of every section, without code, answers and solutions.

Written to ``_static/book-search.js`` as rows of page, anchor, kind, title, heading and text; ``_page/search.js`` asks
for it when somebody searches. Sphinx's own index is not loaded by any page: it finds names of the library before
lessons, and shows what stands around an article as if it were text.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx

UNREAD = (nodes.literal_block, nodes.raw, nodes.comment, nodes.math_block, nodes.image, addnodes.toctree, nodes.title)
Row = tuple[str, str, str, str, str, str]


def rows(page: str, title: str, doctree: nodes.document) -> Iterator[Row]:
    """One row for every section, and for every object of the library."""
    kind = "lesson" if page.startswith("notebooks/") else "library" if page.startswith("api") else "page"
    for section in doctree.findall(nodes.section):
        heading = section.next_node(nodes.title)
        text = prose(section)
        if heading is not None and (text or section.parent is doctree):
            yield page, section["ids"][0], kind, title, heading.astext(), text
    for described in doctree.findall(addnodes.desc):
        signature = described.next_node(addnodes.desc_signature)
        content = described.next_node(addnodes.desc_content)
        if signature is not None and signature.get("ids") and content is not None:
            yield page, signature["ids"][0], "library", title, str(signature.get("fullname", "")), prose(content)


def prose(parent: nodes.Element) -> str:
    """The text below a node, down to the next section or object; not what is folded behind a question or a hint."""
    pieces: list[str] = []
    folded = 0
    for node in parent.children:
        if isinstance(node, nodes.raw):
            folded += len(re.findall(r"<details\b", node.astext())) - node.astext().count("</details>")
        elif folded == 0 and not isinstance(node, (*UNREAD, nodes.section, addnodes.desc)):
            pieces.append(_read(node))
    return " ".join(" ".join(pieces).split())


def _read(node: nodes.Node) -> str:
    if isinstance(node, UNREAD) or (isinstance(node, nodes.container) and node.get("nb_element") == "cell_code"):
        return ""
    if isinstance(node, nodes.Text):
        return str(node)
    if isinstance(node, nodes.container) and "predicted" in node["classes"]:
        return prose(node)
    between = "" if isinstance(node, nodes.TextElement) else " "
    return between.join(_read(child) for child in node.children) + between


def _write(app: Sphinx, error: Exception | None) -> None:
    if error is not None or app.builder.name != "html":
        return
    found = [
        row
        for page in sorted(app.env.found_docs)
        for row in rows(page, app.env.titles[page].astext(), app.env.get_doctree(page))
    ]
    text = json.dumps(found, ensure_ascii=False, separators=(",", ":"))
    Path(app.outdir, "_static", "book-search.js").write_text(f"Course.searchable({text});\n", encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("build-finished", _write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
