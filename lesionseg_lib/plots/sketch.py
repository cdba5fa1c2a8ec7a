"""Boxes, arrows and words as SVG, in the colours of the page that they become part of."""

from dataclasses import dataclass, field
from html import escape
from itertools import pairwise

Point = tuple[float, float]

LETTER = 0.6  # width of a character over its height
FILLS = {
    "plain": "none",
    "frozen": "rgb(120 120 120 / 22%)",
    "learns": "rgb(0 114 178 / 25%)",
    "wrong": "rgb(213 94 0 / 25%)",
    "marked": "rgb(230 159 0 / 35%)",
}
"""What a box means. Frozen boxes also have a dashed rim, wrong ones a thick one: colour alone tells nothing."""


@dataclass
class Sketch:
    """A drawing of ``width`` x ``height`` units, about pixels of the page; x to the right, y down."""

    width: float
    height: float
    parts: list[str] = field(default_factory=list)

    def box(self, x: float, y: float, width: float, height: float, *lines: str, kind: str = "plain") -> None:
        """A box with lines of text in its middle. Raises ``KeyError`` for a kind that ``FILLS`` does not have."""
        rim = {"frozen": ' stroke-dasharray="4 3"', "wrong": ' stroke-width="2.5"'}.get(kind, "")
        self.parts.append(
            f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="3" fill="{FILLS[kind]}" '
            f'stroke="currentColor"{rim}/>'
        )
        for number, line in enumerate(lines):
            self.text(x + width / 2, y + height / 2 + 14 * (number - (len(lines) - 1) / 2) + 4, line)

    def text(self, x: float, y: float, words: str, *, size: float = 12, anchor: str = "middle") -> None:
        """Words with their base line at (x, y), in the colour of the page's text."""
        self.parts.append(
            f'<text x="{x:g}" y="{y:g}" font-size="{size:g}" text-anchor="{anchor}" fill="currentColor">'
            f"{escape(words)}</text>"
        )

    def arrow(self, *points: Point, label: str = "", dashed: bool = False, wrong: bool = False) -> None:
        """A line through the points, with a head at its last; the label above the middle of its longest part."""
        path = " ".join(f"{x:g},{y:g}" for x, y in points)
        style = ' stroke-dasharray="5 4"' if dashed else ""
        style += ' stroke-width="2.5"' if wrong else ""
        self.parts.append(f'<polyline points="{path}" fill="none" stroke="currentColor"{style}/>{_head(*points[-2:])}')
        if label:
            (x0, y0), (x1, y1) = max(pairwise(points), key=lambda p: abs(p[0][0] - p[1][0]) + abs(p[0][1] - p[1][1]))
            self.text((x0 + x1) / 2, (y0 + y1) / 2 - 5, label, size=11)

    def svg(self, alt: str) -> str:
        """The drawing as an ``<svg>`` element; ``alt`` is what a reader who does not see it is told."""
        opening = (
            f'<svg class="schematic" role="img" aria-label="{escape(alt)}" width="{self.width:g}" '
            f'viewBox="0 0 {self.width:g} {self.height:g}" xmlns="http://www.w3.org/2000/svg" '
            'font-family="DejaVu Sans, Verdana, sans-serif">'
        )
        return f"{opening}{''.join(self.parts)}</svg>"


def _head(start: Point, end: Point) -> str:
    """A triangle at the end of a line, along it."""
    (x0, y0), (x1, y1) = start, end
    length = max(((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5, 1e-9)
    ux, uy = (x1 - x0) / length, (y1 - y0) / length
    corners = (
        (x1, y1),
        (x1 - 7 * ux + 3.5 * uy, y1 - 7 * uy - 3.5 * ux),
        (x1 - 7 * ux - 3.5 * uy, y1 - 7 * uy + 3.5 * ux),
    )
    return f'<polygon points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in corners)}" fill="currentColor"/>'
