"""`make pictures`: what a link to the course shows, and the picture of results on the README and the title page.

The first is drawn, lesions and all. The second is from the recorded run.

Which images it shows is decided by a rule, not by eye: those at fixed ranks of the Jaccard index, poor ones included.
Needs the data and the run's checkpoint under runs/.
"""

import io
from base64 import b64decode

import numpy as np
import PIL.Image

from lesionseg_lib import plots
from lesionseg_lib.data.datasets import SyntheticLesions
from lesionseg_lib.models.postprocessing import predict_mask
from lesionseg_lib.plots import Figure
from lesionseg_lib.plots.grid import TRUTH, draw_outline
from lesionseg_lib.teaching import lessons
from tools import ROOT

RECIPE = "dilated-all"
RANKS = (0.05, 0.25, 0.45, 0.65, 0.85, 0.99)  # share of the test images that score lower
SHARED = ROOT / "book" / "_static" / "share.jpg"
SHARED_SIZE = (1200, 630)  # pixels; what sites that show links ask for
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


def shared() -> PIL.Image.Image:
    """Drawn lesions with their outlines, and the course's name."""
    width, height = (side / 100 for side in SHARED_SIZE)
    figure = plots.new_figure(height, "Drawn lesions with their outlines.", width=width, photographic=True)
    figure.set_layout_engine("none")
    lesions = SyntheticLesions(8, size=(220, 300), seed=4)
    for index in range(8):
        ax = figure.add_axes((index % 4 / 4, 0.35 * (1 - index // 4), 0.25, 0.35))
        ax.axis("off")
        ax.imshow(lesions[index].image, aspect="auto")
        draw_outline(ax, lesions[index].mask, {**TRUTH, "linewidth": 3.0})
    figure.text(0.03, 0.86, "Segmenting skin lesions", fontsize=44, va="center")
    figure.text(
        0.03, 0.755, "Networks of your own, and how good they really are: a course in twelve notebooks", fontsize=18
    )
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png", dpi=100)
    return PIL.Image.open(drawn).convert("RGB")


if __name__ == "__main__":
    shared().save(SHARED, quality=88, optimize=True)
    print(f"Wrote {SHARED.relative_to(ROOT)}")
    data, _ = result().mimebundle()
    RESULT.write_bytes(b64decode(data["image/jpeg"]))
    print(f"Wrote {RESULT.relative_to(ROOT)}")
