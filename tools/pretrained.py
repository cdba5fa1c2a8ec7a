"""`make pretrained`: pack the recorded run that the package carries into lesionseg_lib/models/pretrained/.

The run is that of `RECIPE` and seed 0 in the folder that LESIONSEG_RUNS names, its record the published one. Weights
are halved where that changes no more of the test masks' pixels than `runs_archive.CHANGED`. The same run gives the same
bytes.
"""

import sys
from copy import deepcopy
from pathlib import Path

from lesionseg_lib.data.cache import CachedDataset, decode_once
from lesionseg_lib.data.splits import open_test_data
from lesionseg_lib.errors import LesionSegError
from lesionseg_lib.experiments.about_run import about_run
from lesionseg_lib.experiments.profiles import get_profile
from lesionseg_lib.experiments.run_folder import RunFolder, runs_root
from lesionseg_lib.experiments.runs_archive import CHANGED, PROFILE, demand_recorded, difference
from lesionseg_lib.models.card import WEIGHTS_NAME
from lesionseg_lib.models.segmenter import Segmenter
from lesionseg_lib.models.shipped import PRETRAINED, RECIPE
from lesionseg_lib.results.records import read_record, record_path
from tools import ROOT

SEED = 0
"""The first: no seed is chosen by its score."""


def pack_pretrained(run: RunFolder, results: Path, test: CachedDataset, target: Path) -> str:
    """Write model and card of a recorded run to `target`, and return a line that says what was written.

    Raises:
        LesionSegError: the run or its record is missing, damaged, or they are not of one training.
    """
    record = read_record(record_path(results, run.recipe, run.seed))
    demand_recorded(run, record)
    model, card = Segmenter.load(run.best, run.recipe)
    changed, shifted = difference(model, deepcopy(model).half().float(), test, card["threshold"])
    half = changed <= CHANGED
    size = (card["size"][0], card["size"][1])
    (model.half() if half else model).save(
        target, recipe=run.recipe, threshold=card["threshold"], size=size, about=about_run(record)
    )
    precision = "half" if half else "single"
    megabytes = (target / WEIGHTS_NAME).stat().st_size / 1e6
    return (
        f"{target}: {megabytes:.2f} MB, {precision} precision; half changes {changed:.4%} of the pixels and the mean "
        f"Jaccard index by {shifted:.6f}"
    )


def main() -> None:
    run = RunFolder(runs_root(), get_profile(PROFILE), RECIPE, SEED)
    size = Segmenter.load(run.best, RECIPE)[1]["size"]
    test = decode_once(open_test_data(), (size[0], size[1]))
    print(pack_pretrained(run, ROOT / "results", test, PRETRAINED))


if __name__ == "__main__":
    try:
        main()
    except LesionSegError as error:
        sys.exit(str(error))
