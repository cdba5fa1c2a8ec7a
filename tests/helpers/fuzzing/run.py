"""Fuzz for a while: ``python -m tests.helpers.fuzzing.run --seconds 3600 [TARGET ...]``, or ``make fuzz``.

What fails is shrunk, shown, and stored in ``tests/fuzz/corpus/TARGET/``: every later run reads it again and starts from
it.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import time
from pathlib import Path

from hypothesis import HealthCheck, given, seed, settings

from tests.helpers.fuzzing.mutations import damaged
from tests.helpers.fuzzing.targets import TARGETS, Target, run_target

CORPUS = Path(__file__).parents[2] / "fuzz" / "corpus"
ROUND = 200  # executions between two looks at the clock


def stored(name: str) -> list[bytes]:
    """The files of the corpus of a target: hostile ones that were thought of, and those that failed once."""
    return [file.read_bytes() for file in sorted((CORPUS / name).glob("*")) if file.is_file()]


def fuzz(target: Target, seeds: list[bytes], seconds: float, start: int) -> tuple[int, int]:
    """Executions and how many of them were taken as sound. Raises what the target raises, after shrinking."""
    end, counts, number = time.monotonic() + seconds, [0, 0], start
    while time.monotonic() < end:

        @seed(number)
        @settings(max_examples=ROUND, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(content=damaged(seeds))
        def once(content: bytes) -> None:
            counts[0] += 1
            try:
                counts[1] += run_target(target, content)
            except BaseException:
                fuzz.last = content  # type: ignore[attr-defined]
                raise

        once()
        number += 1
    return counts[0], counts[1]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(TARGETS)}; by default all")
    parser.add_argument("--seconds", type=float, default=60, help="for all targets together")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="where the random numbers start")
    options = parser.parse_args(arguments)
    names = options.targets or list(TARGETS)
    found = 0
    for name in names:
        target = TARGETS[name]
        seeds = [*target.seeds(), *stored(name)]
        try:
            runs, taken = fuzz(target, seeds, options.seconds / len(names), options.seed * 1_000_000)
        except Exception as error:
            content: bytes = fuzz.last  # type: ignore[attr-defined]
            file = CORPUS / name / hashlib.sha256(content).hexdigest()[:16]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
            print(f"{name}: {type(error).__name__}: {str(error)[:500]}\n  stored in {file} ({len(content)} bytes)")
            found += 1
        else:
            print(f"{name}: {runs:,} executions, {taken:,} taken as sound, nothing found (seed {options.seed})")
        sys.stdout.flush()
    return int(found > 0)


if __name__ == "__main__":
    sys.exit(main())
