"""Baselines from the command line: what needs no network is scored once on test, and recorded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from lesionseg_lib.cli.tables import score_table
from lesionseg_lib.data.splits import open_splits
from lesionseg_lib.errors import UnknownNameError
from lesionseg_lib.experiments import baselines
from lesionseg_lib.experiments.profiles import get_profile
from lesionseg_lib.experiments.run_folder import RunFolder
from lesionseg_lib.results.records import demand_free, record_path, write_record
from lesionseg_lib.utils.lookup import look_up


def score_baselines(
    names: Sequence[str],
    every: bool,
    profile: str | None,
    *,
    force: bool,
    runs: Path,
    results: Path | None,
    report: Callable[[str], None],
) -> None:
    """Score the baselines named, or all of them, in a profile; write a record of each and report its scores.

    Raises ``UnknownNameError`` for a name that there is not, or neither names nor ``every``; ``RecordError`` where a
    record may not be replaced.
    """
    if every == bool(names):
        raise UnknownNameError(f"Name one baseline or more, or give --all. Known: {', '.join(baselines.BASELINES)}.")
    chosen = list(dict.fromkeys(names or baselines.BASELINES))
    for name in chosen:
        look_up(baselines.BASELINES, name, "baseline")
    chosen_profile = get_profile(profile)
    splits = open_splits(chosen_profile)
    for name in chosen:
        results_folder = results or RunFolder(runs, chosen_profile, name, 0).results
        demand_free(results_folder, {"name": name, "seed": 0}, again=False, force=force)
        record, table = baselines.run(name, chosen_profile, splits)
        write_record(results_folder, record, table)
        report(f"{name}: {record['recipe']['title']}. {record['recipe']['choices']}")
        report(score_table(record["test"], record["official"]))
        report(f"Record  {record_path(results_folder, name, 0)}\n")
