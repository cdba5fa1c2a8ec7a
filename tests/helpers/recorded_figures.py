"""All that the library says of the committed records, as plain numbers.

``python -m tests.helpers.recorded_figures > tests/results/expected/figures.json`` writes the expectation anew: only
when a committed record was replaced, and with code that still passes the test on the older records.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lesionseg_lib.evaluation.bootstrap import bootstrap_interval
from lesionseg_lib.results import ablations, comparison, ranking, seeds
from lesionseg_lib.results.records import Records, load_records, published_results, read_table, record_path
from lesionseg_lib.training.recipes import Recipe, load_recipes

PAIRS = (
    ("light", "unet-finetuned"),
    ("unet-finetuned", "unet-without-skips"),
    ("otsu", "mean-mask"),
    ("dilated-all", "segnet-attention-atrous-finetuned"),
)


def figures(
    known: dict[str, Recipe], folder: Path, steps: Sequence[ablations.Step] = ablations.STEPS
) -> dict[str, Any]:
    """Rows of the comparison, effects, ablations, places, bands, and intervals over images, by name.

    Of the records in ``folder``, for the recipes in ``known``, and for ``steps``.
    """
    recorded = load_records(folder)
    tuned = ablations.ablation_steps(known)
    table = ablations.ablation_table(["light", *(step.second for step in tuned)], recorded)
    ranked = [name for name, recipe in known.items() if name in recorded and recipe.family != "study"]
    spread = seeds.seed_spread(recorded)
    return {
        "rows": {row.name: _row(row) for row in comparison.compare_all(known, recorded, folder)},
        "effects": [_effect(effect) for effect in ablations.measure(known, recorded, folder, steps)],
        "ablation_effects": [_effect(effect) for effect in ablations.measure(known, recorded, folder, tuned)],
        "ablation_table": {name: dict(row) for name, row in table.to_dict(orient="index").items()},
        "ranking": [asdict(place) for place in ranking.rank(ranked, recorded, folder)],
        "seeds": asdict(spread),
        "bands": {name: _band(seeds.expected_band(recorded[name], recorded)) for name in recorded},
        "pairs": [[asdict(one) for one in comparison.compare_two(a, b, known, folder)] for a, b in PAIRS],
        "images": _intervals_over_images(recorded, folder),
    }


def _row(row: comparison.Row) -> dict[str, Any]:
    nearest = row.nearest()
    return {
        "seeds": row.seeds,
        "means": row.means,
        "whole": row.whole,
        "jaccard": asdict(row.jaccard) if row.jaccard else None,
        "dice": asdict(row.dice) if row.dice else None,
        "nearest": asdict(nearest) if nearest else None,
    }


def _effect(effect: ablations.Effect) -> dict[str, Any]:
    difference = effect.difference
    return {
        "first": effect.step.first,
        "second": effect.step.second,
        "also": effect.other_differences,
        "difference": [difference.mean, difference.low, difference.high],
        "better": difference.better,
        "worse": difference.worse,
        "low": effect.low,
        "high": effect.high,
        "p": effect.p,
        "holm": effect.holm,
        "verdict": effect.verdict,
    }


def _band(band: seeds.SeedBand | None) -> dict[str, Any] | None:
    return asdict(band) if band else None


def _intervals_over_images(recorded: Records, folder: Path) -> dict[str, Any]:
    found = {}
    for name, of_name in recorded.items():
        for seed in of_name:
            table = read_table(record_path(folder, name, seed))
            scores = {metric: table[metric].to_numpy() for metric in ("jaccard", "dice")}
            found[f"{name}/{seed}"] = {metric: bootstrap_interval(values) for metric, values in scores.items()}
    return found


def main() -> None:
    found = figures(load_recipes(), published_results())
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
