"""Formulas as MathML, made when the book is built: a page needs no script for them, and a screen reader reads them.

latex2mathml knows the commands; rows of ``aligned`` and of Sphinx's ``split`` are put together here. A command that it
does not know, which it would hand through as text, is a warning.
"""

import re
from html import escape

import latex2mathml.converter
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.writers.html5 import HTML5Translator

LOGGER = logging.getLogger(__name__)
ENVIRONMENT = re.compile(r"\\begin\{(aligned|align\*?|split)\}(.*)\\end\{\1\}", re.DOTALL)
ROW = re.compile(r"\\\\(?:\[[^\]]*\])?")
WHOLE = re.compile(r"<math[^>]*>(.*)</math>", re.DOTALL)
NAME = re.compile(r"\\(?:mathrm|operatorname)\{(\w+)\}")
OPERATOR = re.compile(r"(\\operatorname\{\w+\})(?=\s*[A-Za-z\\])")
SIGN = re.compile(r"(<mo>(?:&#x0003D;|&#x02264;|&#x0003E;|&#x0003C;)</mo>(?:<mspace[^>]*/>)?)<mo>(&#x02212;)</mo>")


class FormulaError(ValueError):
    """A formula that latex2mathml cannot write; the message names what is left of it."""


def mathml(tex: str, *, display: bool = False) -> str:
    """Return a formula in TeX as a ``<math>`` element.

    Raises:
        FormulaError: it holds a command or an environment that is not known here.
    """
    text = tex.strip()
    body = _rows(text) if display else _expression(text)
    kind = ' display="block"' if display else ""
    return (
        f'<math xmlns="http://www.w3.org/1998/Math/MathML"{kind}><semantics><mrow>{body}</mrow>'
        f'<annotation encoding="application/x-tex">{escape(text, quote=False)}</annotation></semantics></math>'
    )


def _rows(tex: str) -> str:
    """One row, or several under each other that are aligned at their first ``&``."""
    environment = ENVIRONMENT.fullmatch(tex.strip())
    rows = [row.strip() for row in ROW.split((environment[2] if environment else tex).strip()) if row.strip()]
    if len(rows) == 1 and "&" not in rows[0]:
        return _expression(rows[0])
    drawn = []
    for row in rows:
        cells = "".join(f"<mtd>{_expression(cell)}</mtd>" for cell in row.split("&"))
        drawn.append(f"<mtr>{cells}</mtr>")
    return f'<mtable class="aligned" displaystyle="true">{"".join(drawn)}</mtable>'


def _expression(tex: str) -> str:
    # An upright word is one identifier, not a product of its letters; an operator stands off from its argument.
    spaced = NAME.sub(r"\\text{\1}", OPERATOR.sub(r"\1\\,", tex))
    whole = WHOLE.fullmatch(latex2mathml.converter.convert(spaced))
    if whole is None:
        raise FormulaError(f"nothing came of {tex!r}")
    body = re.sub(r"<mtext>(\w+)</mtext>", r'<mi mathvariant="normal">\1</mi>', whole[1])
    body = SIGN.sub(r'\1<mo form="prefix">\2</mo>', body)  # the sign of a number, not a difference
    body = body.replace("<mo>&#x0002F;</mo>", '<mo lspace="0" rspace="0">/</mo>')
    if left := re.search(r"\\\w+|&(?!#?\w+;)", body):
        raise FormulaError(f"{left[0]!r} of {tex!r} is not known; see book/_ext/formulas.py")
    return body


def _written(node: nodes.Element, *, display: bool) -> str:
    try:
        return mathml(node.astext(), display=display)
    except FormulaError as error:
        LOGGER.warning("a formula that MathML cannot hold: %s", error, location=node)
        return f"<code>{escape(node.astext())}</code>"


def _visit_inline(self: HTML5Translator, node: nodes.math) -> None:
    self.body.append(self.starttag(node, "span", "", CLASS="math") + _written(node, display=False) + "</span>")
    raise nodes.SkipNode


def _visit_block(self: HTML5Translator, node: nodes.math_block) -> None:
    self.body.append(self.starttag(node, "div", CLASS="math") + _written(node, display=True) + "</div>\n")
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_html_math_renderer("mathml", (_visit_inline, None), (_visit_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
