"""`make pictures`: the picture of results on the README and the title page, from the recorded run.

Which images it shows is decided by a rule, not by eye: those at fixed ranks of the Jaccard index, poor ones included.
Needs the data and the run's checkpoint under runs/.
"""

from base64 import b64decode

import numpy as np

from lesionseg_lib import plots
from lesionseg_lib.models.postprocessing import predict_mask
from lesionseg_lib.plots import Figure
from lesionseg_lib.teaching import lessons
from tools import ROOT

RECIPE = "dilated-all"
RANKS = (0.05, 0.25, 0.45, 0.65, 0.85, 0.99)  # share of the test images that score lower
RESULT = ROOT / "book" / "_static" / "result.jpg"


def result() -> Figure:
    """Truth and prediction on six test images, from a poor score to a good one."""
    lesson = lessons.start("full")
    fit = lesson.fit(RECIPE)
    order = np.argsort(fit.table["jaccard"].to_numpy(), kind="stable")
    chosen = [int(order[int(rank * (len(order) - 1))]) for rank in RANKS]
    samples = [lesson.splits.test[index] for index in chosen]
    logits = fit.model.logits(lesson.decoded.test.images[chosen])
    return plots.overlays(
        [sample.image for sample in samples],
        [sample.mask for sample in samples],
        [predict_mask(one, (len(s.mask), len(s.mask[0]))) for one, s in zip(logits, samples, strict=True)],
        ids=[sample.id for sample in samples],
        scores=fit.table["jaccard"].iloc[chosen].tolist(),
    )


if __name__ == "__main__":
    data, _ = result().mimebundle()
    RESULT.write_bytes(b64decode(data["image/jpeg"]))
    print(f"Wrote {RESULT.relative_to(ROOT)}")
