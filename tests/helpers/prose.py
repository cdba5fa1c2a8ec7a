"""What a text says in figures, and whether anything bears them out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from lesionseg_lib.training.recipes import load_recipes
from tests.helpers.notebooks import of, texts
from tools.notebooks import read

FIGURE = re.compile(r"(?<![\w.,/:-])[01]?\.\d{3,}(?![\w.]*\w)")
"""A score to three digits or more, such as .834 or 0.834; no version, no DOI, no price."""

ALLOWED = {
    "01_first_segmentation": {".003": "a bound that the printed table keeps"},
    "03_what_is_a_good_mask": {
        ".333": "Dice of an IoU of .2, by hand",
        ".667": "the mean of .333 and 1, by hand",
        ".925": "the highest Dice that an IoU of .86 allows",
        ".8649": "what .86 may have been before rounding",
    },
    "06_frozen_features": {
        ".603": "the mean IoU that B's claimed Dice of .7522 needs",
        "1.000": "what a perfect score would be",
    },
    "08_skips": {".870": "the highest Dice that the claimed IoU of .77 allows"},
    "07_fine_tuning": {".00001": "the smallest rate of an exercise"},
    "data": {".977": "agreement of two editions of the masks, a fact about the data"},
    "data_sheet": {".977": "the same"},
}
"""Figures that no run produced and no run can contradict, by page and with the reason."""

QUOTED = re.compile(r"```.*?```|`[^`]*`|\{\{.*?\}\}|\S+://\S+", re.DOTALL)
"""What is no prose: code, placeholders, addresses."""


def constants() -> set[float]:
    """What write-ups claimed and recipes set."""
    found: set[float] = set()
    for recipe in load_recipes().values():
        found |= {recipe.learning_rate, recipe.encoder_learning_rate or recipe.learning_rate}
        if recipe.claimed is not None:
            found |= {recipe.claimed.iou, recipe.claimed.dice, recipe.claimed.loss or recipe.claimed.iou}
    return found


def typed_figures(text: str) -> list[str]:
    """The figures of a text that somebody typed."""
    return FIGURE.findall(QUOTED.sub(" ", text))


def prose_of(source: Path) -> str:
    """The markdown cells of a lesson, before anything is filled in."""
    lines, inside = [], False
    for line in source.read_text(encoding="utf-8").splitlines():
        if line.startswith("# %%"):
            inside = "[markdown]" in line
        elif inside:
            lines.append(line.removeprefix("#"))
    return "\n".join(lines)


def printed_by(source: Path) -> Iterator[float]:
    """Every number that the lesson's cells show."""
    for cell in read(of(source)).cells:
        for text in texts(cell):
            yield from map(float, re.findall(r"(?<![\w.])\d*\.\d+", text))


def unfounded(text: str, printed: list[float], page: str = "") -> list[str]:
    """Figures that are neither constants nor allowed on the page nor, rounded as they are, among the printed."""
    known = constants() | {float(figure) for figure in ALLOWED.get(page, ())}

    def printed_as(figure: str) -> bool:
        digits = len(figure.partition(".")[2])
        return any(round(number, digits) == float(figure) for number in printed)

    return [figure for figure in typed_figures(text) if float(figure) not in known and not printed_as(figure)]
