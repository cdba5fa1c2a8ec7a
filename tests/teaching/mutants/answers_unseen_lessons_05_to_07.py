"""The third part: answers to lessons 05 to 07, written from the lessons' texts alone, before any of them was run."""

from __future__ import annotations

import copy
from typing import Any

import albumentations
import numpy as np
import pandas as pd
import torch

from lesionseg_lib.data import properties
from lesionseg_lib.evaluation import scoring
from lesionseg_lib.models.postprocessing import sigmoid
from lesionseg_lib.teaching.demos import wrong_pairs
from lesionseg_lib.training import probing
from tests.helpers.exercises import arguments
from tests.helpers.stand_ins import dark, lesson, official, score
from tests.teaching.mutants.bank import Later, right, wrong
from tests.teaching.mutants.changes import each, made, placed


def with_rest(task: str, answer: Any) -> Later:
    """An answer that is made when it is needed, with what the exercise wants beside it."""
    return Later(lambda: (answer(), *arguments(task)[0][1:]))


# ---- 05.1
def three_turns(image: Any, mask: Any, rng: Any) -> Any:
    k, mirrored = rng.integers(0, 3), rng.random() < 0.5
    image, mask = np.rot90(image, k), np.rot90(mask, k)
    return (np.fliplr(image), np.fliplr(mask)) if mirrored else (image, mask)


def backwards(image: Any, mask: Any, rng: Any) -> Any:
    k, mirrored = rng.integers(4), rng.integers(2)
    image, mask = np.rot90(image, k), np.rot90(mask, -k)
    return (np.fliplr(image), np.fliplr(mask)) if mirrored else (image, mask)


def other_side(image: Any, mask: Any, rng: Any) -> Any:
    k, mirrored = rng.integers(4), rng.integers(2)
    image, mask = np.rot90(image, k), np.rot90(mask, k)
    return (np.fliplr(image), np.flipud(mask)) if mirrored else (image, mask)


wrong("05.1", "integers(0, 3)", "270|never|missing", three_turns)
wrong("05.1", "the mask turns the other way", "other way|direction|mask says|other", backwards)
wrong("05.1", "mirrored along another axis", "axis|mirrored|other", other_side)


def transposes(image: Any, mask: Any, rng: Any) -> Any:
    if rng.random() < 0.5:
        image, mask = image.swapaxes(0, 1), mask.T
    if rng.random() < 0.5:
        image, mask = image[::-1], mask[::-1]
    if rng.random() < 0.5:
        image, mask = image[:, ::-1], mask[:, ::-1]
    return image, mask


right("05.1", "three coins", transposes)

# ---- 05.2
GUILTY = {letter for letter, load in wrong_pairs.LINE_UP.items() if load in wrong_pairs.MISTAKES.values()}
wrong("05.2", "the innocent", "innocent|right(ly)?", "".join(sorted(set(wrong_pairs.LINE_UP) - GUILTY)))
wrong("05.2", "everybody but one", "rightly|innocent", "".join(sorted(GUILTY)) + min(set(wrong_pairs.LINE_UP) - GUILTY))
right("05.2", "a set", Later(lambda: (set(GUILTY),)))

# ---- 05.3
wrong(
    "05.3",
    "per photo against per batch",
    "batch|photo",
    lambda photos, batch, decode, workers, step: max(decode / workers, step) * photos / batch,
)
wrong(
    "05.3",
    "the loader waits for every batch",
    "add|both|sum",
    lambda photos, batch, decode, workers, step: photos / batch * (batch * decode / workers + step),
)
wrong(
    "05.3",
    "batches per worker",
    "worker",
    lambda photos, batch, decode, workers, step: max(photos * decode / workers, photos / batch * step / workers),
)
right(
    "05.3",
    "batch by batch",
    lambda photos, batch, decode, workers, step: photos / batch * max(batch * decode / workers, step),
)


# ---- 05.4
def rough(alphas: Any = (20, 300), reduce: Any = np.nanmedian, **settings: Any) -> Any:
    pairs = lesson().decoded.validation
    found = {}
    for alpha in alphas:
        t = albumentations.ElasticTransform(**({"alpha": alpha, "sigma": 6, "p": 1.0} | settings))
        deform = albumentations.Compose([t], seed=1)
        moved = [deform(image=i, mask=m)["mask"] for i, m in zip(pairs.images, pairs.masks, strict=True)]
        found[f"alpha {alpha}"] = float(reduce([properties.border_detail(mask == 1) for mask in moved]))
    return found


def plain_detail() -> float:
    return float(np.nanmedian([properties.border_detail(m == 1) for m in lesson().decoded.validation.masks]))


wrong(
    "05.4",
    "times the plain masks' detail",
    "relative|ratio|divided|times",
    with_rest("05.4", lambda: {k: v / plain_detail() for k, v in rough().items()}),
)
wrong(
    "05.4",
    "always alpha 300",
    "same|all|strength|alpha",
    with_rest("05.4", lambda: dict.fromkeys(("alpha 20", "alpha 300"), rough((300,))["alpha 300"])),
)
wrong("05.4", "the largest", "largest|maximum|median|mean", with_rest("05.4", lambda: rough(reduce=np.nanmax)))
right("05.4", "three strengths", with_rest("05.4", lambda: rough((20, 100, 300))))


# ---- 06.1
def slipped(of: Any) -> Any:
    def answer() -> Any:
        _, slips, fits, _ = arguments("06.1")[0]
        found: Any = {slip: {} for slip in slips}
        for family, fit in fits.items():
            model = copy.deepcopy(fit.model)
            for slip, model.preprocessing in slips.items():
                found[slip][family] = of(model)
        return found

    return with_rest("06.1", answer)


def on_part(part: str) -> Any:
    return lambda m: float(
        scoring.score_images(sigmoid(m.logits(getattr(lesson().decoded, part).images)), getattr(lesson().splits, part))[
            "jaccard"
        ].mean()
    )


wrong("06.1", "on training photos", "training photos", slipped(on_part("train")))
wrong(
    "06.1",
    "what is left, as a share",
    "share|relative|divided|ratio",
    slipped(lambda m: official(m) / official(dark())),
)
right("06.1", "a frame", made("06.1", pd.DataFrame))


# ---- 06.2
def covers(part: str = "validation", strides: Any = (8, 16, 32), of: Any = None) -> Any:
    masks = getattr(lesson().decoded, part).masks
    return {s: (of or score)(torch.logit(probing.best_cover(masks, s), eps=1e-6).numpy()) for s in strides}


wrong("06.2", "stride 16 everywhere", "stride", with_rest("06.2", lambda: dict.fromkeys((8, 16, 32), covers()[16])))
wrong(
    "06.2",
    "one stride finer",
    "stride before|finer",
    with_rest("06.2", lambda: dict(zip((8, 16, 32), covers(strides=(4, 8, 16)).values(), strict=True))),
)
right("06.2", "in order", with_rest("06.2", lambda: list(covers().values())))


# ---- 07.1
wrong("07.1", "per unit of rate", "divided by its rate", made("07.1", lambda v: {r: d / r for r, d in v.items()}))
wrong("07.1", "rates in another order", "order|reverse|exchanged", made("07.1", placed(lambda v: v[::-1])))
wrong("07.1", "their logarithms", "logarithm", made("07.1", each(np.log10)))
right("07.1", "a column", made("07.1", pd.Series))

# ---- 07.3
wrong("07.3", "as they are", "do not differ|rate", Later(lambda: (("dilated-frozen", "dilated-all"), lesson())))
wrong("07.3", "stage 4 only", "all stages", Later(lambda: (("dilated-frozen-slow", "dilated-stage4"), lesson())))
right("07.3", "a list, exchanged", Later(lambda: (["dilated-all-two-rates", "dilated-frozen-slow"], lesson())))
