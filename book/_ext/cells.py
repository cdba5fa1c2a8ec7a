"""What a page does with a lesson's cells: predictions before outputs, and code without what only notebooks need.

A prompt is a quotation that begins with ``**Predict``. From it to the next prompt or heading, the outputs of cells and
the text that reads them are marked ``predicted``; ``_page/predict.js`` folds them until the reader has answered.
Without scripts, and in print, they are simply there. A comment in the quotation offers answers,
``<!-- choose: 10 | 20 | 40 -->``, or asks for a number: ``<!-- number: % -->``.
"""

import re
from html import escape

from docutils import nodes
from sphinx.application import Sphinx

CHOICE = re.compile(r"<!--\s*choose:\s*(.*?)\s*-->", re.DOTALL)
NUMBER = re.compile(r"<!--\s*number:\s*(.*?)\s*-->", re.DOTALL)
TITLE = re.compile(r"\A# @title [^\n]*\n")
FORMATTER = re.compile(r"[ ]*# fmt: (?:skip|on|off)$", re.MULTILINE)
COLUMNS = re.compile(r"\S {2,}\S")
"""Two words further apart than a sentence has them: a table."""
LESSON = re.compile(r"notebooks/(\d\d)_")


def lesson_of(page: str) -> str | None:
    """The two digits of a lesson's page, "03"; of another page None."""
    match = LESSON.match(page)
    return match[1] if match else None


def prompts(doctree: nodes.document) -> list[nodes.block_quote]:
    """The quotations that ask for a prediction."""
    return [quote for quote in doctree.findall(nodes.block_quote) if is_prompt(quote)]


def is_prompt(node: nodes.Node) -> bool:
    """Whether a node is a quotation that opens with **Predict**."""
    if not (isinstance(node, nodes.block_quote) and node.children and isinstance(node[0], nodes.paragraph)):
        return False
    first = next((child for child in node[0].children if child.astext()), None)
    return isinstance(first, nodes.strong) and first.astext().startswith("Predict")


def _mark(app: Sphinx, doctree: nodes.document) -> None:
    lesson = lesson_of(app.env.docname)
    if lesson is None:
        return
    for block in doctree.findall(nodes.literal_block):
        text = FORMATTER.sub("", TITLE.sub("", block.astext()))
        if text != block.astext():
            block.rawsource, block.children = text, []
            block += nodes.Text(text)
    for output in doctree.findall(nodes.container):
        if output.get("nb_element") == "cell_code_output":
            _tell_columns(output)
    for number, prompt in enumerate(prompts(doctree), start=1):
        prompt["classes"].append("predict")
        prompt["ids"].append(f"predict-{number}")
        control = f'<div class="predict-control" data-prediction="{lesson}/{number}"{_answers(prompt)}></div>'
        prompt += nodes.raw("", control, format="html")
        _fold(prompt)


def _tell_columns(output: nodes.container) -> None:
    """Mark printed tables: aligned in at least two lines."""
    for block in output.findall(nodes.literal_block):
        if sum(bool(COLUMNS.search(line)) for line in block.astext().splitlines()) >= 2:
            block["classes"].append("columns")


def _answers(prompt: nodes.block_quote) -> str:
    """How to answer, as attributes; takes the comment that says so out of the prompt."""
    for raw in [*prompt.findall(nodes.raw), *prompt.findall(nodes.comment)]:
        text = raw.astext() if isinstance(raw, nodes.raw) else f"<!-- {raw.astext()} -->"
        for pattern, name in ((CHOICE, "choices"), (NUMBER, "unit")):
            if match := pattern.search(text):
                raw.parent.remove(raw)
                return f' data-{name}="{escape(match[1])}"'
    return ""


def _fold(prompt: nodes.block_quote) -> None:
    """Mark the outputs after a prompt, and the text after the first of them."""
    parent = prompt.parent
    kept = parent.children[: parent.index(prompt) + 1]
    following = parent.children[len(kept) :]
    seen, group = False, None
    while following and not _ends(following[0]):
        node = following.pop(0)
        outputs = _outputs(node)
        for output in outputs:
            output["classes"].append("predicted")
        seen = seen or bool(outputs)
        if _is_cell(node) or not seen:
            kept.append(node)
            group = None
            continue
        if group is None:
            group = nodes.container(classes=["predicted"])
            kept.append(group)
        group += node
    parent.children = []
    parent.extend([*kept, *following])


def _ends(node: nodes.Node) -> bool:
    hidden = isinstance(node, nodes.container) and "tag_hide-cell" in node["classes"]
    return isinstance(node, nodes.section | nodes.title) or is_prompt(node) or hidden


def _is_cell(node: nodes.Node) -> bool:
    return isinstance(node, nodes.container) and node.get("nb_element") == "cell_code"


def _outputs(node: nodes.Node) -> list[nodes.container]:
    if not _is_cell(node):
        return []
    return [child for child in node.children if child.get("nb_element") == "cell_code_output"]


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("doctree-read", _mark)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
