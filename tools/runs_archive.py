"""`make runs-archive`: pack every recorded run into dist/runs/, for the repository's release."""

import sys

from lesionseg_lib.data.cache import decode_once
from lesionseg_lib.data.splits import open_test_data
from lesionseg_lib.errors import LesionSegError
from lesionseg_lib.experiments.run_folder import runs_root
from lesionseg_lib.experiments.runs_archive import pack_runs
from tools import ROOT


def main() -> None:
    test = open_test_data()
    target = ROOT / "dist" / "runs"
    packed = pack_runs(runs_root(), ROOT / "results", lambda size: decode_once(test, size), target, print)
    total = sum(run.bytes for run in packed)
    print(f"{len(packed)} runs, {total / 1e6:.0f} MB, in dist/runs: attach them to the release")


if __name__ == "__main__":
    try:
        main()
    except LesionSegError as error:
        sys.exit(str(error))
