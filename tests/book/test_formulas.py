"""Formulas of the book, written as MathML when it is built."""

from __future__ import annotations

import sys

import pytest

from tools import ROOT

sys.path.insert(0, str(ROOT / "book" / "_ext"))
pytest.importorskip("latex2mathml", reason="the extra 'book' is not installed")

from formulas import FormulaError, mathml


def body(tex: str, *, display: bool = False) -> str:
    """The formula without what stands around every one."""
    written = mathml(tex, display=display)
    return written[written.index("<semantics><mrow>") + 17 : written.index("</mrow><annotation")]


@pytest.mark.parametrize(
    ("tex", "expected"),
    [
        ("J", "<mi>J</mi>"),
        (r"\frac{a}{b}", "<mfrac><mrow><mi>a</mi></mrow><mrow><mi>b</mi></mrow></mfrac>"),
        # The sign of a number stands close to it.
        ("c = -4", '<mi>c</mi><mo>&#x0003D;</mo><mo form="prefix">&#x02212;</mo><mn>4</mn>'),
        ("a/b", '<mi>a</mi><mo lspace="0" rspace="0">/</mo><mi>b</mi>'),
        # An upright word is one identifier.
        (r"\mathrm{ReLU}", '<mi mathvariant="normal">ReLU</mi>'),
        (r"\operatorname{mean} D", '<mi mathvariant="normal">mean</mi><mspace width="0.167em" /><mi>D</mi>'),
    ],
)
def test_a_formula_becomes_mathml(tex, expected):
    assert body(tex) == f"<mrow>{expected}</mrow>"


@pytest.mark.parametrize("environment", ["aligned", "align", "align*", "split"])
def test_rows_are_aligned_at_their_first_sign(environment):
    rows = body(rf"\begin{{{environment}}} a &= b \\[1ex] c &= d \end{{{environment}}}", display=True)
    assert rows.startswith('<mtable class="aligned" displaystyle="true">')
    assert rows.count("<mtr>") == 2 and rows.count("<mtd>") == 4
    assert "1ex" not in rows and "&amp;" not in rows


def test_what_was_typed_stays_readable_for_machines():
    assert '<annotation encoding="application/x-tex">a &lt; b</annotation>' in mathml("a < b")
    assert mathml("a", display=True).startswith('<math xmlns="http://www.w3.org/1998/Math/MathML" display="block">')


@pytest.mark.parametrize(("tex", "left"), [(r"\nosuch x", r"\\\\nosuch"), ("a & b", "&")])
def test_what_is_not_known_is_an_error_that_names_it(tex, left):
    with pytest.raises(FormulaError, match=left):
        mathml(tex)
