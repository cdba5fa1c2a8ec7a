"""What `lesionseg compare --ladder` prints."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from lesionseg_lib.cli.tables import NOTHING, format_table, p_text
from lesionseg_lib.results.comparison import Score
from lesionseg_lib.results.ladder import Rung, rungs
from lesionseg_lib.results.records import LADDER
from lesionseg_lib.training.recipes import Recipe


def ladder_text(recipes: Mapping[str, Recipe], results: Path) -> str:
    """A line for every recorded step of the ladder: its change, its cost, its scores, and what the change was worth."""
    found = rungs(recipes, results)
    if not found:
        return (
            f"No step of the ladder is recorded in {results / LADDER}. `lesionseg train NAME --profile full` records "
            f"one; `lesionseg recipes` lists them."
        )
    header = (
        "recipe", "changes", "of", "seeds", "parameters", "million mult.", "hours", "Jaccard", "flips averaged",
        "elsewhere", "points", "95 %, images and seeds", "p, Holm",
    )  # fmt: skip
    lines = [
        "Mean Jaccard on the test images with its 95 % interval over images and seeds; the same with the answers to "
        "four flips averaged; and on photos of origins that no network was trained on. Points: what the one change was "
        "worth, in hundredths.\n",
        format_table(header, [_cells(rung) for rung in found], right={4, 5, 6, 10}),
    ]
    return "\n".join(lines)


def _cells(rung: Rung) -> tuple[str, ...]:
    effect = rung.effect
    what = (effect.step.change, effect.step.first) if effect else (NOTHING, NOTHING)
    worth = (NOTHING, NOTHING, NOTHING)
    if effect:
        worth = (
            f"{100 * effect.difference.mean:+.1f}",
            f"{100 * effect.low:+.1f} to {100 * effect.high:+.1f}",
            p_text(effect.holm),
        )
    scores = (_score(score) for score in (rung.jaccard, rung.flips, rung.elsewhere))
    return (
        rung.name, *what, ", ".join(map(str, rung.seeds)), f"{rung.parameters:,}", f"{rung.macs / 1e6:.0f}",
        f"{rung.hours:.1f}", *scores, *worth,
    )  # fmt: skip


def _score(score: Score | None) -> str:
    return NOTHING if score is None else f"{score.mean:.4f} [{score.low:.3f}, {score.high:.3f}]"
