"""The explorers' data and pictures. See `book/_ext/explorers.py` for what an explorer is.

`make book` writes what comes from the records and from the library (`write_built`). What needs a trained network and
photos, and the pictures for print, are made by `make explorers` and committed; no photograph is among them.
"""

import io
import json
from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import PIL.Image
import torch
from numpy.typing import NDArray
from torch import Tensor

from lesionseg_lib.data.datasets import SyntheticLesions
from lesionseg_lib.evaluation.metrics import confusion, jaccard
from lesionseg_lib.evaluation.scoring import score_images
from lesionseg_lib.models.encoder import MobileNetV2Encoder
from lesionseg_lib.models.postprocessing import probability_mask, sigmoid
from lesionseg_lib.models.segmenter import Segmenter
from lesionseg_lib.results.ablations import STEPS
from lesionseg_lib.results.comparison import image_scores
from lesionseg_lib.results.records import load_records
from lesionseg_lib.results.seeds import seed_spread
from lesionseg_lib.teaching import lessons
from lesionseg_lib.training.recipes import load_recipes
from tools import ROOT, page_network
from tools.scripts import pack, script

EXPLORERS = ROOT / "book" / "explorers"


# ---- From the records and the library, at every build ----


def how_sure(results: Path) -> dict[str, Any]:
    """Jaccard of each test image, of recipes from the weakest to the best, with the mean of all."""
    recipes = {}
    for name in ("dilated-all", "light", "unet-without-skips", "conv5-frozen", "otsu"):
        table = pd.read_csv(results / name / "seed0.csv")
        recipes[name] = [round(score, 4) for score in table["jaccard"]]
    return {"recipes": recipes}


def claim_pairs(results: Path) -> dict[str, Any]:
    """Every claimed pair, and what the masks of its recipe score by each rule."""
    claims = {}
    for name, recipe in load_recipes().items():
        path = results / name / "seed0.json"
        if recipe.claimed is None or not path.exists():
            continue
        readings = json.loads(path.read_text(encoding="utf-8"))["readings"]
        claims[name] = {
            "iou": recipe.claimed.iou,
            "dice": recipe.claimed.dice,
            "readings": {rule: [pair["jaccard"], pair["dice"]] for rule, pair in readings.items()},
        }
    return {"claims": claims}


def smallest_differences(results: Path) -> dict[str, Any]:
    """Recipes by their mean Jaccard, and how much images (in pairs) and seeds scatter: what lesson 12 computes."""
    known = {name: recipe for name, recipe in load_recipes().items() if recipe.family != "study"}
    recorded = {name: seeds for name, seeds in load_records(results).items() if name in known}
    scores = pd.DataFrame({n: image_scores(results, n, seeds, "jaccard").mean() for n, seeds in recorded.items()})
    steps = [step for step in STEPS if {step.first, step.second} <= set(scores)]
    pair = float(np.median([(scores[step.second] - scores[step.first]).std() for step in steps]))
    means = scores.mean().sort_values(ascending=False)
    return {
        "images": len(scores),
        "pair": round(pair, 6),
        "seed": round(float(seed_spread(load_records(results)).deviation), 6),
        "recipes": [[name, round(float(mean), 5), len(recorded[str(name)])] for name, mean in means.items()],
    }


def receptive_field(results: Path) -> dict[str, Any]:
    """Kernel, rate and stride of the encoder's convolutions, by level, and a drawn lesion as the photo."""
    del results
    levels: list[list[tuple[int, int, int]]] = [[]]
    for layer in MobileNetV2Encoder(None).features:
        found = [
            (conv.kernel_size[0], conv.dilation[0], conv.stride[0])
            for conv in layer.modules()
            if isinstance(conv, torch.nn.Conv2d)
        ]
        if levels[-1] and any(stride > 1 for *_, stride in found):
            levels.append([])
        levels[-1] += found
    photo = io.BytesIO()
    lesion = SyntheticLesions(1, seed=DRAWN_SEED, size=(DRAWN_SIDE, DRAWN_SIDE))[0]
    PIL.Image.fromarray(lesion.image).save(photo, "jpeg", quality=85)
    uri = f"data:image/jpeg;base64,{b64encode(photo.getvalue()).decode()}"
    return {"side": DRAWN_SIDE, "levels": levels, "photo": uri}


BUILT = {
    "how-sure": how_sure,
    "claims": claim_pairs,
    "ranking": smallest_differences,
    "field": receptive_field,
    "network": page_network.first_view,
}
DRAWN_SIDE, DRAWN_SEED = 128, 23


def write_built(results: Path, folder: Path) -> None:
    """Write what comes from the records and from the library into a folder of explorers."""
    for name, make in BUILT.items():
        (folder / name / "data.js").write_text(script(name, make(results)), encoding="utf-8")
    page_network.write(folder / "network")


# ---- From trained networks, committed ----

CUT_RECIPE, SKIP_RECIPE = "dilated-all", "unet-finetuned"
PHOTOS = 12


def free_masks(lesson: lessons.Lesson) -> list[int]:
    """Validation photos whose masks may be passed on: ISIC 2016 is CC-0, the masks taken from ISIC 2018 are not."""
    photos = lesson.splits.validation
    return [i for i in range(len(photos)) if photos.attributes(i).get("mask_origin") != "isic2018"]


def where_to_cut(lesson: lessons.Lesson) -> dict[str, Any]:
    """Probabilities * 255 and truths of validation photos at even ranks of J, the poorest first."""
    fit = lesson.fit(CUT_RECIPE)
    chosen = free_masks(lesson)
    maps = np.rint(255 * sigmoid(fit.model.logits(lesson.decoded.validation.images[chosen]))).astype(np.uint8)
    truths = [lesson.splits.validation[index].mask for index in chosen]
    counts = [confusion(probability_mask(p / np.float32(255), t.shape), t) for p, t in zip(maps, truths, strict=True)]
    order = np.argsort([float(jaccard(one)[0]) for one in counts], kind="stable")
    picks = [int(order[round(rank)]) for rank in np.linspace(0, len(order) - 1, min(PHOTOS, len(order)))]
    return {
        "recipe": CUT_RECIPE,
        "seed": int(fit.record["seed"]),
        "side": maps.shape[1],
        "photos": [{"size": truths[i].shape, "map": pack(maps[i]), "truth": pack(truths[i])} for i in picks],
    }


def without_levels(model: Segmenter, pyramid: list[Tensor], gone: Sequence[int]) -> NDArray[np.float32]:
    """Probabilities (N, H, W) when levels of the pyramid are replaced by their average over all photos (lesson 08)."""
    robbed = [
        level.mean((0, 2, 3), keepdim=True).expand_as(level) if index in gone else level
        for index, level in enumerate(pyramid)
    ]
    with torch.no_grad():
        return sigmoid(model(robbed)[:, 0].numpy())


def skips(lesson: lessons.Lesson) -> dict[str, Any]:
    """Three validation photos under the sixteen choices of skips: bit k of an index is the skip of level k.

    The photos are those at 20, 50 and 80 % of the row by J.
    """
    fit = lesson.fit(SKIP_RECIPE)
    validation, chosen = lesson.splits.validation, free_masks(lesson)
    with torch.no_grad():
        pyramid = fit.model.encoder(fit.model.normalise(lesson.decoded.validation.images))
    count = len(pyramid) - 1
    maps = [
        without_levels(fit.model, pyramid, [level for level in range(count) if not on >> level & 1])
        for on in range(2**count)
    ]
    scores = [score_images(one, validation)["jaccard"].to_numpy() for one in maps]
    order = sorted(chosen, key=lambda index: scores[-1][index])
    picks = [order[round(share * (len(order) - 1))] for share in (0.2, 0.5, 0.8)]
    shrunk = lesson.decoded.validation.masks
    return {
        "recipe": SKIP_RECIPE,
        "side": maps[0].shape[1],
        "strides": list(fit.model.encoder.strides),
        "channels": list(fit.model.encoder.channels),
        "means": [round(float(one.mean()), 4) for one in scores],
        "images": len(validation),
        "photos": [
            {
                "truth": pack(np.asarray(shrunk[i]) == 1),
                "maps": [pack(np.rint(15 * one[i]).astype(np.uint8)) for one in maps],
                "scores": [round(float(one[i]), 4) for one in scores],
            }
            for i in picks
        ],
    }


NETWORKS = {"where-to-cut": (CUT_RECIPE, where_to_cut), "skips": (SKIP_RECIPE, skips)}
