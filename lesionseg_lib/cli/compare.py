"""What `lesionseg recipes` and `lesionseg compare` print."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from lesionseg_lib.cli.tables import NOTHING, format_table, p_text
from lesionseg_lib.errors import RecordError
from lesionseg_lib.results.ablations import STEPS, Effect, measure
from lesionseg_lib.results.claims import distances, highest_dice, is_possible
from lesionseg_lib.results.comparison import Difference, Row, Score, compare_all, compare_two
from lesionseg_lib.results.records import Record, is_verified, load_records, published_results
from lesionseg_lib.results.seeds import seed_spread
from lesionseg_lib.training.recipes import Claim, Recipe
from lesionseg_lib.utils.lookup import look_up


def recipe_table(recipes: Mapping[str, Recipe], records: Mapping[str, Mapping[int, Record]]) -> str:
    """One line a recipe."""
    header = (
        "recipe", "family", "decoder", "trained stages", "loss", "optimiser", "rate", "epochs", "augmentation",
        "claimed IoU / Dice", "recorded seeds",
    )  # fmt: skip
    rows = [
        (
            recipe.name, recipe.family, recipe.decoder, _stages(recipe), recipe.loss, recipe.optimizer,
            f"{recipe.learning_rate:g}", str(recipe.epochs), recipe.augmentation, _claim(recipe.claimed),
            ", ".join(map(str, records.get(recipe.name, ()))) or NOTHING,
        )
        for recipe in recipes.values()
    ]  # fmt: skip
    return (
        format_table(header, rows, right={6, 7}) + "\n\nAll settings of one: lesionseg recipes NAME. "
        "Claimed is what its write-up reported; what came out here: lesionseg compare."
    )


def ladder_list(recipes: Mapping[str, Recipe], records: Mapping[str, Mapping[int, Record]]) -> str:
    """One line a step of the ladder."""
    rows = [
        (
            recipe.name,
            recipe.base or NOTHING,
            recipe.title,
            ", ".join(map(str, records.get(recipe.name, ()))) or NOTHING,
        )
        for recipe in recipes.values()
    ]
    return format_table(("step of the ladder", "changes", "by", "recorded seeds"), rows)


def recipe_settings(recipe: Recipe, records: Mapping[int, Record]) -> str:
    """Every setting of one recipe, and its test scores where it is recorded."""
    settings = {key: value for key, value in recipe.settings().items() if key not in ("name", "title", "claimed")}
    if "also_scored" in settings:
        settings["also_scored"] = ", ".join(recipe.also_scored)
    lines = {
        **{key.replace("_", " "): str(value) for key, value in settings.items()},
        "trainable stages": _stages(recipe),
        "encoder learning rate": f"{recipe.encoder_learning_rate or recipe.learning_rate:g}",
        "patience": str(recipe.patience or "none: all epochs are run"),
        "size": " x ".join(map(str, recipe.size)),
        "claimed": _claim_settings(recipe.claimed),
    }
    for seed, record in records.items():
        lines[f"recorded, seed {seed}"] = (
            f"Jaccard {_score(Score(**record['test']['jaccard']))}, {record['parameters']['total']:,} parameters, "
            f"{record['parameters']['trainable']:,} trained, on {record['device']}"
        )
    width = max(map(len, lines))
    return "\n".join(
        (f"{recipe.name}: {recipe.title}\n", *(f"{key.ljust(width)}  {text}" for key, text in lines.items()))
    )


def comparison(names: Sequence[str], recipes: Mapping[str, Recipe], results: Path | None) -> str:
    """All recipes, every reading of one, or the difference of two."""
    if len(names) == 2:
        return difference_text(compare_two(names[0], names[1], recipes, results))
    records, folder = load_records(results), results or published_results()
    rows = {row.name: row for row in compare_all(recipes, records, folder)}
    if names:
        return readings_text(look_up(rows, names[0], "recipe"))
    notes = _notes(records, list(rows.values()), folder)
    return "\n\n".join((scores_text(list(rows.values())), claims_text(list(rows.values())), *notes))


def effects(recipes: Mapping[str, Recipe], results: Path | None) -> str:
    """What one change does: every step whose two recipes are recorded."""
    records, folder = load_records(results), results or published_results()
    found = measure(recipes, records, folder)
    if not found:
        return f"No two recipes of a step are recorded in {folder}. `lesionseg train NAME --profile full` records one."
    spread = seed_spread(records)
    lines = [
        "Second minus first on the same test images, in points of mean Jaccard (1 point = .01)\n",
        effects_text(found),
        "",
        f"Of {len(found)} steps without any effect, about {0.05 * len(found):.1f} would leave out zero by chance: "
        f"p is corrected for their number (Holm).",
    ]
    if not spread.recipes:
        lines.append("No recipe has several seeds, so nothing here says what training again would change.")
    else:
        lines.append(
            f"Seeds: {', '.join(spread.recipes)} were trained with several; their means spread with a standard "
            f"deviation of {100 * spread.deviation:.2f} points, which is taken to hold for all."
        )
    if missing := {name for step in STEPS for name in (step.first, step.second)} - records.keys():
        lines.append(f"Steps are left out that need {', '.join(sorted(missing))}: not recorded yet.")
    return "\n".join(lines)


def effects_text(found: Sequence[Effect]) -> str:
    """A line for every step."""
    header = (
        "step", "changes", "and also", "seeds", "points", "95 % over images", "and over seeds", "p, Holm", "verdict",
    )  # fmt: skip
    cells = [
        (
            f"{e.step.first} -> {e.step.second}", e.step.change, ", ".join(e.other_differences) or NOTHING,
            f"{e.difference.seeds[1]}, {e.difference.seeds[0]}", f"{100 * e.difference.mean:+.1f}",
            f"{100 * e.difference.low:+.1f} to {100 * e.difference.high:+.1f}",
            f"{100 * e.low:+.1f} to {100 * e.high:+.1f}", p_text(e.holm), e.verdict,
        )
        for e in found
    ]  # fmt: skip
    return format_table(header, cells, right={4, 7})


def scores_text(rows: Sequence[Row]) -> str:
    """Ours and claimed, side by side."""
    header = ("recipe", "seeds", "between seeds", "Jaccard", "Dice", "claimed IoU / Dice", "ours - claimed")
    cells = [
        (
            row.name,
            str(len(row.seeds)) if row.seeds else "not recorded",
            f"{min(row.means):.3f} to {max(row.means):.3f}" if len(row.seeds) > 1 else NOTHING,
            _score(row.jaccard) if row.jaccard else NOTHING,
            _score(row.dice) if row.dice else NOTHING,
            _claim(row.claim),
            f"{row.jaccard.mean - row.claim.iou:+.3f} / {row.dice.mean - row.claim.dice:+.3f}"
            if row.claim and row.jaccard and row.dice
            else NOTHING,
        )
        for row in rows
    ]
    return (
        "Measured on test by the organisers' rule: mean over images [95 % interval over images, and over seeds where "
        "there are several]\n\n" + format_table(header, cells)
    )


def claims_text(rows: Sequence[Row]) -> str:
    """Whether a claimed pair can be, and how our masks must be scored to come near it."""
    header = (
        "recipe",
        "claimed IoU / Dice",
        "possible as a pair?",
        "nearest reading of our masks",
        "IoU / Dice",
        "distance",
    )
    cells = []
    for row in rows:
        if row.claim is None:
            continue
        verdict = "yes" if is_possible(row.claim) else "NO"
        nearest = row.nearest()
        cells.append(
            (
                row.name,
                _claim(row.claim),
                f"{verdict}: Dice is at most {highest_dice(row.claim.iou):.3f}",
                nearest.reading if nearest else NOTHING,
                f"{nearest.jaccard:.3f} / {nearest.dice:.3f}" if nearest else NOTHING,
                f"{nearest.distance:.3f}" if nearest else NOTHING,
            )
        )
    return (
        "The claims. Mean Dice is at most 2 J / (1 + J) of mean Jaccard J, however it is averaged\n\n"
        + format_table(header, cells)
        + "\n\nReadings are ways of scoring that are all called IoU and Dice somewhere: lesionseg compare NAME."
    )


def readings_text(row: Row) -> str:
    """Every reading of one recipe, nearest to the claim first. Raises ``RecordError`` when it has no record."""
    if not row.readings:
        raise RecordError(
            f"{row.name} has no record, so there is nothing to compare. `lesionseg train {row.name} --profile full` "
            f"writes one."
        )
    header = ["reading", "IoU", "Dice"] + (["distance to the claim"] if row.claim else [])
    if row.claim is None:
        cells = [[name, f"{r['jaccard']:.4f}", f"{r['dice']:.4f}"] for name, r in row.readings.items()]
    else:
        near = sorted(distances(row.claim, row.readings), key=lambda nearest: nearest.distance)
        cells = [[n.reading, f"{n.jaccard:.4f}", f"{n.dice:.4f}", f"{n.distance:.4f}"] for n in near]
    return (
        f"{row.name}: the same predictions, scored in every way (per_image is the official one)\n"
        f"Claimed IoU / Dice: {_claim(row.claim)}\n\n" + format_table(header, cells, right={1, 2, 3})
    )


def difference_text(differences: Sequence[Difference]) -> str:
    """Two recipes on the same images."""
    one = differences[0]
    header = ("metric", "difference", "95 % interval", f"{one.first} better", "worse")
    cells = [
        (d.metric, f"{d.mean:+.4f}", f"{d.low:+.4f} to {d.high:+.4f}", f"{d.better} images", str(d.worse))
        for d in differences
    ]
    a, b = one.seeds
    lines = [
        f"{one.first} minus {one.second}, paired on {one.images} test images; seeds: {a} and {b}\n",
        format_table(header, cells, right={1, 4}),
        "",
        *(d.sentence() for d in differences),
    ]
    if min(a, b) == 1:
        lines.append("With one seed, the interval does not say what training again with another seed would change.")
    return "\n".join(lines)


def _notes(records: Mapping[str, Mapping[int, Record]], rows: Sequence[Row], results: Path) -> list[str]:
    every = [record for seeds in records.values() for record in seeds.values()]
    notes = [] if every else [f"No record in {results}: `lesionseg train NAME --profile full` writes them to results."]
    other = sorted({record["profile"] for record in every} - {"full"})
    if other:
        notes.append(
            f"Note: some records are of profile {', '.join(other)}, which shows that things run, not how well."
        )
    if len({record["data"]["test"]["fingerprint"] for record in every}) > 1:
        notes.append("Note: not all records were scored on the same test images; such rows cannot be compared.")
    bare = [(name, seed) for name, seeds in records.items() for seed in seeds if not is_verified(results, name, seed)]
    if bare:
        first = ", ".join(f"{name} (seed {seed})" for name, seed in bare[:3]) + ", ..." * (len(bare) > 3)
        notes.append(f"Note: {len(bare)} records carry no SHA-256, so they are read unverified: {first}")
    if narrow := [row.name for row in rows if not row.whole]:
        notes.append(f"Note: no per-image tables of {', '.join(narrow)}; their intervals are over images alone.")
    return notes


def _stages(recipe: Recipe) -> str:
    if len(recipe.trainable_stages) == 4:
        return "all"
    return ", ".join(map(str, recipe.trainable_stages)) or "none"


def _claim(claim: Claim | None) -> str:
    if claim is None:
        return NOTHING
    if claim.approximate:
        return f"about {claim.iou:.2f} / {claim.dice:.2f}"
    return f"{claim.iou:.4f} / {claim.dice:.4f}"


def _claim_settings(claim: Claim | None) -> str:
    if claim is None:
        return "nothing"
    return f"IoU, Dice {_claim(claim)}" + ("" if claim.loss is None else f"; loss {claim.loss}")


def _score(score: Score) -> str:
    return f"{score.mean:.3f} [{score.low:.3f}, {score.high:.3f}]"
