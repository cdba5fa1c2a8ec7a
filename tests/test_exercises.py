"""The exercises' checks: each accepts its solution, refuses what students try with a sentence of its own, and asks."""

from __future__ import annotations

import copy
import inspect
import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from types import SimpleNamespace
from typing import Any

import albumentations
import numpy as np
import pandas as pd
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lesionseg_lib.data import duplicates, properties
from lesionseg_lib.data.datasets import SyntheticLesions, resize_image
from lesionseg_lib.data.splits import Splits
from lesionseg_lib.errors import UnknownNameError
from lesionseg_lib.evaluation import bootstrap, boundaries, metrics, scoring
from lesionseg_lib.evaluation.metrics import dice, jaccard
from lesionseg_lib.experiments.profiles import PROFILES
from lesionseg_lib.models.decoders import UNetDecoder
from lesionseg_lib.models.encoder import MobileNetV2Encoder
from lesionseg_lib.models.postprocessing import sigmoid
from lesionseg_lib.models.preprocessing import Preprocessing, default_preprocessing
from lesionseg_lib.models.segmenter import Segmenter
from lesionseg_lib.results import comparison, seeds
from lesionseg_lib.teaching import exercises
from lesionseg_lib.teaching.demos import wrong_pairs
from lesionseg_lib.teaching.demos.loss_recall import recall
from lesionseg_lib.teaching.exercises.answers import is_blank, number, numbers
from lesionseg_lib.training import build, probing, recipes
from lesionseg_lib.training.checkpoints import BEST
from tests.helpers.notebooks import of
from tools.notebooks import SOLUTION, read, sources, tags

SIZE = (64, 64)
EDGES = (0, 1, 2, 4, 8, 16, np.inf)


# ---- small stand-ins for what lessons have: photos, a network that calls dark what is dark, runs


class Pools(nn.Module):
    """An "encoder" whose five maps are the photo itself, ever coarser."""

    channels, strides = (3,) * 5, (2, 4, 8, 16, 32)

    def forward(self, x: Tensor) -> list[Tensor]:
        return [F.avg_pool2d(x, stride) for stride in self.strides]


class Dark(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.slope = nn.Parameter(torch.tensor(-3.0))

    def forward(self, pyramid: list[Tensor], size: tuple[int, int]) -> Tensor:
        green = F.interpolate(pyramid[0][:, 1:2] + 0.1 * pyramid[0][:, :1], size=size, mode="bilinear")
        return self.slope * (green - 0.4)


def decoded(data: SyntheticLesions) -> Any:
    photos = [data[i] for i in range(len(data))]
    images = np.stack([resize_image(p.image, SIZE) for p in photos])
    masks = np.stack([resize_image(p.mask.astype(np.uint8) * 255, SIZE) > 127 for p in photos]).astype(np.uint8)
    return SimpleNamespace(images=images, masks=masks, ids=data.ids, size=SIZE)


def centred(recipe: str, layer: str) -> Segmenter:
    """A network that was never trained, its last bias moved so that half of the pixels are lesion."""
    torch.manual_seed(0)
    model = build.build_segmenter(recipes.get_recipe(recipe), None).eval().requires_grad_(False)
    for norm in (module for module in model.modules() if isinstance(module, nn.BatchNorm2d)):
        norm.momentum = 0.5
    model.train()  # a few times, so that batch norm knows the photos and no layer is dead
    for _ in range(6):
        nn.Module.train(model.encoder)  # defended against `model.train()` where it is frozen
        model(model.normalise(lesson().decoded.train.images))
    model.eval()
    bias = model.decoder.get_submodule(layer).bias
    bias -= float(np.median(model.logits(lesson().decoded.validation.images)))
    return model


@cache
def lesson() -> Any:
    splits = Splits(*(SyntheticLesions(n, size=80, seed=seed) for seed, n in enumerate((12, 8, 6))))
    parts = SimpleNamespace(**{name: decoded(part) for name, part in vars(splits).items()})
    return SimpleNamespace(profile=PROFILES["smoke"], splits=splits, decoded=parts)


@cache
def dark() -> Segmenter:
    return Segmenter(Pools(), Dark()).eval()


def score(logits: Any, part: str = "validation") -> float:
    return float(scoring.score_images(sigmoid(logits), getattr(lesson().splits, part))["jaccard"].mean())


def official(model: Segmenter, part: str = "validation") -> float:
    return score(model.logits(getattr(lesson().decoded, part).images), part)


CASES: dict[str, Callable[[], Any]] = {}
"""Exercise -> arguments that are right, and rows of wrong ones with words of the sentence that refuses them."""


def case(name: str) -> Callable[[Callable[[], Any]], None]:
    """Collect a function that returns both."""
    return lambda function: CASES.update({name: function})


# ---- lesson 01


@case("01.1")
def _() -> Any:
    small, data, tenths = lesson().decoded.validation, lesson().splits.validation, [n / 10 for n in range(1, 10)]
    logits = dark().logits(small.images)

    def means(x: Any = logits, cut: Callable[[float], float] = float, data: Any = data) -> dict[float, float]:
        return {t: scoring.score_images(sigmoid(x), data, cut(t))["jaccard"].mean() for t in tenths}

    of_test = means(dark().logits(lesson().decoded.test.images), data=lesson().splits.test)
    rest = dark(), lesson()
    return (means(), *rest), [
        (({t: 100 * j for t, j in means().items()}, *rest), "percent"),
        ((means(cut=lambda t: float(sigmoid(np.array(t, np.float32)))), *rest), "put on logits"),
        ((means(cut=lambda t: 0.5), *rest), "third argument"),
        ((means(sigmoid(logits)), *rest), "twice"),
        ((of_test, *rest), "test photos"),
        ((list(means().values())[:8], *rest), "expected 9 numbers"),
        ((list(means().values())[::-1], *rest), "too"),
    ]


@case("01.2")
def _() -> Any:
    train = lesson().decoded.train.masks.mean(0)

    def of(guess: Any, part: str = "validation") -> float:
        return score(np.repeat(np.asarray(guess, np.float32)[None], len(getattr(lesson().splits, part)), 0), part)

    right = {"all skin": of(-np.ones(SIZE)), "all lesion": of(np.ones(SIZE)), "mean mask": of(train - 0.5)}
    return (right, lesson()), [
        ((right | {"mean mask": of(train)}, lesson()), "Subtract one half"),
        ((right | {"all skin": right["all lesion"], "all lesion": right["all skin"]}, lesson()), "exchanged"),
        ((right | {"all lesion": 0.0}, lesson()), "not above .5"),
        ((right | {"all lesion": of(np.ones(SIZE), "test")}, lesson()), "test photos"),
        (({"all skin": 0.0}, lesson()), "all lesion is missing"),
    ]


@case("01.3")
def _() -> Any:
    photo, network = lesson().splits.test[0].image, dark()
    p = network.probabilities(photo, SIZE)
    swapped = network.probabilities(np.ascontiguousarray(photo[..., ::-1]), SIZE) > 0.5
    return (p > 0.5, photo, network, SIZE), [
        ((p, photo, network, SIZE), "not bool"),
        ((p > 0, photo, network, SIZE), "as if they were logits"),
        ((p <= 0.5, photo, network, SIZE), "exchanged"),
        ((swapped, photo, network, SIZE), "red and blue"),
        (((p > 0.5)[:50], photo, network, SIZE), "enlarges for you"),
        ((p > 0.5, photo / 255, network, SIZE), "bytes"),
        ((p > 0.9, photo, network, SIZE), "not what this network says"),
    ]


# ---- lesson 02


@case("02.1")
def _() -> Any:
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"area": rng.random(60), "hair": rng.random(60)})
    table.loc[::7, "hair"] = np.nan
    table["diagnosis"] = np.where(table["area"] + 0.3 * rng.random(60) > 0.8, "malignant", "benign")
    ill = torch.tensor((table["diagnosis"] == "malignant").to_numpy())[:, None, None]
    values = torch.tensor(table[["area", "hair"]].fillna(0).to_numpy())[..., None, None]
    right = dict(zip(["area", "hair"], probing.channel_auc(values, ill), strict=True))
    return (right, table), [
        (({c: 1 - a for c, a in right.items()}, table), "below a benign"),
        (({"area": 100 * right["area"]}, table), "percent"),
        (({"size": 0.5}, table), "no column 'size'"),
        (({"area": 0.5}, table), "too low"),
        ((right["area"], table), "expected {column"),
    ]


@cache
def finders() -> dict[str, Any]:
    def hashes(function: Any, x: Any, y: Any) -> Any:
        return duplicates.hash_distances(*(np.array([function(image) for image in images]) for images in (x, y)))

    return {
        "dHash": lambda x, y: hashes(duplicates.difference_hash, x, y),
        "pHash": lambda x, y: hashes(duplicates.perceptual_hash, x, y),
    }


@case("02.2")
def _() -> Any:
    some = lesson().decoded.train.images
    copies = {"unaltered": some, "darker": (some * 0.7).astype(np.uint8), "mirrored": some[:, :, ::-1].copy()}
    copies["cropped"] = np.stack([resize_image(image[6:-6, 6:-6], SIZE) for image in some])

    def hits(pick: Callable[[Any], Any]) -> Any:
        return {n: {c: 100 * (pick(f(x, some)) == range(len(x))).mean() for c, x in copies.items()}
                for n, f in finders().items()}  # fmt: skip

    right = hits(lambda d: d.argmin(1))
    rest = copies, finders()
    half = np.stack([resize_image(image[6:, 6:], SIZE) for image in some])
    return (right, *rest), [
        (({n: {c: h / 100 for c, h in row.items()} for n, row in right.items()}, *rest), "percent"),
        ((hits(lambda d: d.argmax(1)), *rest), "argmin"),
        ((right, copies | {"darker": (some * 0.3).astype(np.uint8)}, finders()), "not by 70 %"),
        ((right, copies | {"mirrored": some[:, ::-1]}, finders()), "left and right"),
        ((right, copies | {"cropped": half}, finders()), "four sides"),
        ((right, copies | {"cropped": some[:, 6:-6, 6:-6]}, finders()), "Enlarge a crop"),
        ((right, {k: v for k, v in copies.items() if k != "cropped"}, finders()), "no copy called 'cropped'"),
        (({"dHash": right["dHash"]}, *rest), "a row for each"),
    ]


# ---- lesson 03


def iou(mask: Any, truth: Any) -> Any:
    return jaccard(metrics.confusion(mask, truth))


class Accumulates:
    """Never forgets the photos that it saw."""

    def __init__(self) -> None:
        self.seen: list[float] = []

    def __call__(self, mask: Any, truth: Any) -> float:
        if len(mask) > 1:
            self.seen = [*self.seen, *iou(mask, truth)]
            return float(iou(mask, truth).mean())
        return float(np.mean([*self.seen, *iou(mask, truth)]))


@case("03.1")
def _() -> Any:
    def soft(mask: Any, truth: Any) -> Any:
        with np.errstate(all="ignore"):
            return ((mask & truth).sum((1, 2)) / (mask | truth).sum((1, 2))).mean()

    return (lambda mask, truth: iou(mask, truth).mean(),), [
        ((lambda m, t: (m & t).sum() / (m | t).sum(),), "`pooled` of the clinic"),
        ((lambda m, t: (iou(m, t).mean() + iou(~m, ~t).mean()) / 2,), "`background` of the clinic"),
        ((lambda m, t: (m == t).mean(),), "`agreement` of the clinic"),
        ((lambda m, t: dice(metrics.confusion(m, t)).mean(),), "mean Dice"),
        ((soft,), "nan"),
        ((lambda m, t: 100 * iou(m, t).mean(),), "too high"),
        ((Accumulates(),), "from the call before"),
        ((0.86,), "pass the function itself"),
    ]


@case("03.2")
def _() -> Any:
    test = np.random.default_rng(0).beta(8, 2, 379)
    half = 196 * test.std() / 45**0.5
    right = 2 * 0.86 / 1.86, True, half
    return (right, test), [
        (((0.86 / 1.14, True, half), test), "the other direction"),
        (((92.5, True, half), test), "percent"),
        (((2 * 0.84 / 1.84, True, half), test), "for the new decoder"),
        (((right[0], False, half), test), "before it was rounded"),
        (((right[0], True, 2 * half), test), "whole width"),
        (((right[0], True, half * (45 / 379) ** 0.5), test), "of all 379"),
        (((right[0], True, half / 100), test), "in points"),
        (((right[0], True, None), test), "still missing"),
        ((right[0], test), "expected three"),
    ]


# ---- lesson 06


@case("06.1")
def _() -> Any:
    slips = {"only / 255": Preprocessing((0.0,) * 3, (1.0,) * 3), "bytes": Preprocessing((0.0,) * 3, (1 / 255,) * 3)}
    fits = {"B": SimpleNamespace(model=dark()), "C": SimpleNamespace(model=copy.deepcopy(dark()))}

    def cost(slips: Any) -> Any:
        found: Any = {slip: {} for slip in slips}
        for family, fit in fits.items():
            model = copy.deepcopy(fit.model)
            for slip, model.preprocessing in slips.items():
                found[slip][family] = official(model)
        return found

    right, plain = cost(slips), official(dark())
    spoiled = copy.deepcopy(fits)
    spoiled["C"].model.preprocessing = slips["bytes"]
    upside_down = slips | {"bytes": Preprocessing((0.0,) * 3, (255.0,) * 3)}
    untouched = {slip: {"B": plain, "C": plain} for slip in slips}
    exchanged = dict(zip(right, list(right.values())[::-1], strict=True))
    return (right, slips, fits, lesson()), [
        ((cost(upside_down), upside_down, fits, lesson()), "count from 0 to 1"),
        ((right, slips, spoiled, lesson()), "still forgets"),
        ((untouched, slips, fits, lesson()), "as trained"),
        ((exchanged, slips, fits, lesson()), "feeding bytes costs"),
        ((right, {"bytes": slips["bytes"]}, fits, lesson()), "no slip called 'only / 255'"),
        (({"bytes": right["bytes"]}, slips, fits, lesson()), "no score yet"),
    ]


@case("06.2")
def _() -> Any:
    masks = lesson().decoded.validation.masks
    best = {s: probing.best_cover(masks, s) for s in (8, 16, 32)}
    right = {f"{s}": score(torch.logit(p, eps=1e-6).numpy()) for s, p in best.items()}
    yardstick = {s: score(torch.logit(probing.cover(masks, s), eps=1e-6).numpy()) for s in best}
    return (right, lesson()), [
        ((yardstick, lesson()), "the yardstick itself"),
        (({s: score(p.numpy()) for s, p in best.items()}, lesson()), "wants logits"),
        ((right | {"32": yardstick[32] + 0.02}, lesson()), "can carry more"),
        ((right | {"8": 0.3}, lesson()), "below the average"),
        (({8: 1.0, 16: 1.0}, lesson()), "32 is missing"),
    ]


# ---- lesson 07


@case("07.1")
def _() -> Any:
    torch.manual_seed(0)
    imagenet = MobileNetV2Encoder(None)
    weights = torch.nn.utils.parameters_to_vector(imagenet.stage(4).parameters()).detach()

    def way(rate: float, steps: int = 4) -> float:
        """Adam moves each weight by about the rate a step, here mostly to the same side."""
        return float(100 * 0.6 * steps * rate * len(weights) ** 0.5 / weights.norm())

    right = {rate: way(rate) for rate in (1e-3, 1e-4, 1e-5)}
    together = {1e-3: right[1e-3], 1e-4: 1.1 * right[1e-3], 1e-5: 1.11 * right[1e-3]}
    return (right, imagenet), [
        (({rate: right[1e-4] for rate in right}, imagenet), "`encoder_learning_rate`"),
        (({rate: 0.0 for rate in right}, imagenet), "nothing has moved"),
        ((together, imagenet), "fresh network for every rate"),
        (({rate: d / 100 for rate, d in right.items()}, imagenet), "In percent?"),
        (({rate: way(rate, 400) for rate in right}, imagenet), "cannot get that far"),
        (({1e-3: 1.0}, imagenet), "is missing"),
    ]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Any:
    model = centred("dilated-all", "final_conv")
    folder = tmp_path_factory.mktemp("run")
    model.save(folder / BEST, recipe="dilated-all", threshold=0.5, size=SIZE)
    return SimpleNamespace(model=model, folder=folder, recipe=recipes.get_recipe("dilated-all"))


def put_back(model: Segmenter, old: MobileNetV2Encoder, together: bool = False, weights_only: bool = False) -> Any:
    kept = copy.deepcopy(model.encoder.state_dict())
    found = {None: official(model)}
    for stage in (1, 2, 3, 4):
        state = dict(old.stage(stage).named_parameters()) if weights_only else old.stage(stage).state_dict()
        model.encoder.stage(stage).load_state_dict(state, strict=not weights_only)
        found[stage] = official(model)
        if not together:
            model.encoder.load_state_dict(kept)
    model.encoder.load_state_dict(kept)
    return found


def test_putting_stages_back_is_told_from_its_mistakes(trained: Any) -> None:
    old = copy.deepcopy(trained.model.encoder)  # the photos' statistics, and weights a little elsewhere
    torch.manual_seed(1)
    with torch.no_grad():
        for tensor in old.state_dict().values():
            if tensor.is_floating_point():
                tensor.mul_(1 + 0.2 * torch.randn_like(tensor))
    rest = trained, old, lesson()
    right = put_back(trained.model, old)
    assert len({round(j, 3) for j in right.values()}) > 2, "the stages must matter, or this test tests nothing"
    assert exercises.check("07.2", right, *rest).status == "right"
    for answer, words in (
        (put_back(trained.model, old, together=True), "earlier stages"),
        (put_back(trained.model, old, weights_only=True), "running means"),
        (dict.fromkeys(right, right[None]), "nothing was put back"),
        (right | {None: 0.01}, "trained network's own score"),
        ({None: right[None]}, "1 is missing"),
    ):
        verdict = exercises.check("07.2", answer, *rest)
        assert verdict.status == "wrong" and words in verdict.detail, verdict


@case("07.3")
def _() -> Any:
    frozen, every = recipes.get_recipe("dilated-frozen"), recipes.get_recipe("dilated-all")
    slow = replace(frozen, name="slow", learning_rate=every.learning_rate)
    both = replace(every, name="both", learning_rate=frozen.learning_rate, encoder_learning_rate=every.learning_rate)
    faster = replace(both, encoder_learning_rate=frozen.learning_rate)
    return (("dilated-frozen-slow", "dilated-all-two-rates"), lesson()), [
        (((slow, faster), lesson()), "a third change"),
        (((slow, every), lesson()), "do not differ in the decoder's rate"),
        (((frozen, both), lesson()), "do not differ in the decoder's rate"),
        (((slow, slow), lesson()), "must train all stages"),
        (((both, both), lesson()), "must keep the encoder frozen"),
        (((replace(slow, loss="bce"), both), lesson()), "also in loss"),
        (((slow, None), lesson()), "expected recipes"),
        ((slow, lesson()), "two runs are missing"),
    ]


# ---- lesson 08

JOINED = [(224, 10, 6), (96, 20, 12), (56, 40, 24), (32, 80, 48), (8, 160, 96)]


@cache
def unet() -> Segmenter:
    return centred("unet-finetuned", "head")


@case("08.1")
def _() -> Any:
    return (JOINED, unet()), [
        (([(c, w, h) for c, h, w in JOINED], unet()), "height comes before width"),
        (([(128, 10, 6), *JOINED[1:]], unet()), "those of the skip join"),
        (([(96, 10, 6), *JOINED[1:]], unet()), "those from below join"),
        (([(224, 5, 3), *JOINED[1:]], unet()), "stride 16"),
        (([(300, 10, 6), *JOINED[1:]], unet()), "300 channels?"),
        ((JOINED[:4], unet()), "there are 5 joined maps"),
    ]


class Adds(UNetDecoder):
    bias = True

    def __init__(self, channels: Any, strides: Any) -> None:
        super().__init__(channels, strides, skips=False)
        self.prepare = nn.ModuleList(
            nn.Conv2d(c, w, 1, bias=self.bias) for c, w in zip(reversed(channels[:-1]), self.widths, strict=False)
        )

    def forward(self, pyramid: Any, size: Any) -> Any:
        *skips, x = pyramid
        for i, (up, convs) in enumerate(zip(self.up, self.convs, strict=True)):
            x = convs(up(x) + self.prepare[i](skips.pop()) if skips else up(x))
        return self.head(x)


class AddsWithoutBias(Adds):
    bias = False


class AddsNothing(Adds):
    def forward(self, pyramid: Any, size: Any) -> Any:
        return UNetDecoder.forward(self, pyramid, size)


class Hidden(Adds):
    def __init__(self, channels: Any, strides: Any) -> None:
        super().__init__(channels, strides)
        self.prepare = None  # type: ignore[assignment]


class Unfinished(UNetDecoder):
    def __init__(self, channels: Any, strides: Any) -> None:
        raise NotImplementedError


@case("08.2")
def _() -> Any:
    encoder = MobileNetV2Encoder(None)
    return (Adds, encoder), [
        ((AddsWithoutBias, encoder), "have a bias"),
        ((UNetDecoder, encoder), "that concatenates"),
        ((Hidden, encoder), "in a ModuleList"),
        ((AddsNothing, encoder), "changes nothing"),
        ((Adds(encoder.channels, encoder.strides), encoder), "pass the class itself"),
    ]


@case("08.3")
def _() -> Any:
    model, data = unet(), lesson().decoded.validation
    pyramid = model.encoder(model.normalise(data.images))

    def count(levels: Any, axes: Any = (0, 2, 3), factor: float = 1) -> Any:
        robbed = list(pyramid)
        for i in levels:
            robbed[i] = (factor * robbed[i].mean(axes, keepdim=True)).expand_as(robbed[i])
        return boundaries.errors_by_distance(model(robbed)[:, 0].numpy() > 0, data.masks == 1, EDGES)

    def rates(finest: Any = (0,), axes: Any = (0, 2, 3), factor: float = 1, scale: float = 100) -> Any:
        rows = {"all skips": (), "without stride 2": finest, "without strides 2 to 16": (0, 1, 2, 3)}
        counts = {name: count(levels, axes, factor) for name, levels in rows.items()}
        return {name: scale * wrong.sum(0) / np.maximum(of.sum(0), 1) for name, (wrong, of) in counts.items()}

    wrong, _ = count(())
    where = {name: 100 * wrong.sum(0) / wrong.sum() for name in rates()}
    rest = model, data, EDGES
    named = {name: dict(zip("abcdef", row, strict=True)) for name, row in rates().items()}
    return (named, *rest), [
        ((rates(scale=1), *rest), "percent"),
        ((rates(axes=(2, 3)), *rest), "an average of its own"),
        ((rates(factor=0), *rest), "became 0"),
        ((rates(finest=()), *rest), "was anything taken away"),
        ((rates(finest=(3,)), *rest), "Level 0 is the finest"),
        ((where, *rest), "where the errors are"),
        (({"all skips": named["all skips"]}, *rest), "no row 'without stride 2'"),
    ]


# ---- lesson 09


@cache
def gated() -> Segmenter:
    return centred("segnet-attention-finetuned", "head")


@case("09.1")
def _() -> Any:
    gate = gated().decoder.gates[2]
    assert (gate.of_skip.in_channels, gate.of_gate.in_channels) == (24, 32)
    terms = 4 * 24 * 12, 32 * 12 + 12, 12 + 1, 24**2 + 2 * 24
    return (sum(terms), gate), [
        ((sum(terms) - 48, gate), "two numbers a channel"),
        ((sum(terms) - 24, gate), "not one"),
        ((sum(terms) - 12, gate), "the signal has a bias"),
        ((sum(terms) - 3 * 24 * 12, gate), "2 x 2"),
        ((sum(terms) - terms[3], gate), "mixes the skip's channels"),
        ((sum(terms) + 12, gate), "one of two sums"),
        ((sum(terms) + 24, gate), "take it away again"),
        ((2000, gate), "too low"),
    ]


@case("09.2")
def _() -> Any:
    model, data, strides = gated(), lesson().decoded.validation, (2, 4, 8, 16)
    pyramid = model.encoder(model.normalise(data.images))

    def row(*halves: str, gates: int = 4, bias: bool = False) -> Any:
        decoder = copy.deepcopy(model.decoder)
        for gate in list(decoder.gates)[:gates]:
            for half in halves:
                getattr(gate, half).weight.zero_()
                if bias and getattr(gate, half).bias is not None:
                    getattr(gate, half).bias.zero_()
        drawn, maps = decoder.attend(pyramid, SIZE)
        cells = {s: probing.cover(data.masks, s) > 0.5 for s in strides}
        auc = {f"stride {s}": probing.channel_auc(m, cells[s])[0] for s, m in zip(strides, maps, strict=True)}
        return {"J": score(drawn[:, 0].numpy())} | auc

    right = {"of_skip": row("of_skip"), "of_gate": row("of_gate")}
    rest = model, lesson()
    return (right, *rest), [
        ((right | {"of_gate": row("of_skip", "of_gate")}, *rest), "both halves"),
        ((right | {"of_gate": right["of_skip"]}, *rest), "the other half"),
        ((right | {"of_skip": row()}, *rest), "nothing was silenced"),
        ((right | {"of_skip": row("of_skip", gates=1)}, *rest), "only one of the four"),
        (({"of_skip": right["of_skip"]}, *rest), "no row 'of_gate'"),
    ]


@case("09.3")
def _() -> Any:
    rng = np.random.default_rng(0)
    plain = rng.beta(8, 2, 379)
    fits = [SimpleNamespace(table=pd.DataFrame({"jaccard": j})) for j in (plain + rng.normal(0, 0.08, 379), plain)]
    gain = 100 * (fits[0].table["jaccard"] - plain).to_numpy()
    low, high = bootstrap.bootstrap_interval(gain)
    ratio = (high - low) / 2 / 0.5
    return (379 * ratio**2, *fits), [
        ((379 * ratio, *fits), "square the ratio"),
        ((4 * 379 * ratio**2, *fits), "whole width"),
        ((ratio**2, *fits), "how many photos is it?"),
        ((379 / ratio**2, *fits), "upside down"),
        ((100000, *fits), "too many"),
        (("many", *fits), "should be a number"),
    ]


# ---- lesson 10


@case("10.1")
def _() -> Any:
    return ((9, 1, 3),), [
        (((2, 2, 2),), "Without a rate of 1"),
        (((1, 3, 10),), "too wide"),
        (((1, 2, 5),), "see further"),
        (((1, 2.5, 3),), "whole number"),
        (((1, 3),), "three layers"),
    ]


@case("10.2")
def _() -> Any:
    encoder = MobileNetV2Encoder(None)
    return ({16: 64, 8: 49, "4": 9}, encoder), [
        (({16: 64, 8: 49, 4: 25}, encoder), "whole squares"),
        (({16: 8, 8: 7, 4: 5}, encoder), "sides of the squares"),
        (({16: 9, 8: 49, 4: 64}, encoder), "mixed up"),
        (({16: 1, 8: 49, 4: 9}, encoder), "16: 1 is too low"),
        (({16: 64, 8: 49}, encoder), "4 is missing"),
    ]


@case("10.3")
def _() -> Any:
    rates = (6, 12, 18)
    return ((0, 8 / 9, 8 / 9), rates, 8), [
        (((1, 1 / 9, 1 / 9), rates, 8), "the weights that live"),
        (((8 / 9, 8 / 9, 8 / 9), rates, 8), "corners too"),
        (((0, 4 / 9, 4 / 9), rates, 8), "both directions"),
        (((0, 89, 89), rates, 8), "percent"),
        (((0, 0.5, 0.5), rates, 8), "too low"),
        (((0, None, None), rates, 8), "still missing"),
    ]


# ---- lesson 11


@case("11.1")
def _() -> Any:
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"jaccard": rng.beta(8, 2, 80)})
    table["dice"] = 2 * table["jaccard"] / (1 + table["jaccard"])
    sizes = pd.qcut(rng.random(80), 4, labels=["smallest", "second", "third", "largest"])
    strata = pd.DataFrame({"size": sizes, "diagnosis": np.where(rng.random(80) > 0.3, "benign", "malignant")})
    strata.loc[:3, "diagnosis"] = None
    keys = [strata["size"], strata["diagnosis"].fillna("unknown")]
    groups = table["jaccard"].groupby(keys, observed=True)
    means, plain = groups.mean().unstack(), table["jaccard"].groupby(keys[1]).mean()
    flat = pd.DataFrame({kind: dict.fromkeys(means.index, value) for kind, value in plain.items()})
    rest = table, strata
    return (means.round(3), *rest), [
        ((groups.median().unstack(), *rest), "medians"),
        ((table["dice"].groupby(keys, observed=True).mean().unstack(), *rest), "Dice"),
        ((flat, *rest), "Group by size as well"),
        ((100 * means, *rest), "percent"),
        ((groups.size().unstack(), *rest), "numbers of photos"),
        ((means.T, *rest), "expected the rows"),
        ((means[["benign"]], *rest), "no column"),
        ((plain.to_dict(), *rest), "expected a table"),
    ]


@case("11.2")
def _() -> Any:
    rng = np.random.default_rng(0)
    true = rng.normal(0, 3, (8, 16, 16)).astype(np.float32)
    truth = rng.random(true.shape) < sigmoid(true)
    z = true * np.where(np.arange(8) % 2 == 0, 0.5, 1.5).astype(np.float32)[:, None, None]  # best at .5 and at 1.5
    return (0.5, z, truth), [
        ((2.0, z, truth), "you multiplied"),
        ((1.5, z, truth), "of the other photos"),
        ((-1, z, truth), "above 0"),
        ((0.3, z, truth), "sharper"),
        ((4.0, z, truth), "flatter"),
        (("low", z, truth), "should be a number"),
    ]


def bet(logits: Any) -> Any:
    p = sigmoid(logits)
    inside = p > 0.5
    return (p * inside).sum((1, 2)) / np.maximum(inside.sum((1, 2)) + (p * ~inside).sum((1, 2)), 1e-6)


@case("11.3")
def _() -> Any:
    rng = np.random.default_rng(0)
    sure = rng.uniform(0.2, 4, 300)[:, None, None]
    z, test = ((rng.normal(-1, 3, (300, 8, 8)) * sure * k).astype(np.float32) for k in (1, 0.6))
    flagged = bet(test) < np.quantile(bet(z), 0.1)

    def inside_only(x: Any) -> Any:
        p = sigmoid(x)
        return (p * (p > 0.5)).sum((1, 2)) / np.maximum((p > 0.5).sum((1, 2)), 1)

    def unguarded(x: Any) -> Any:
        p = sigmoid(x)
        with np.errstate(all="ignore"):
            return (p * (p > 0.5)).sum((1, 2)) / (
                (p > 0.5).sum((1, 2)) + np.where(p < 1e-6, 0, p * (p <= 0.5)).sum((1, 2))
            )

    own = bet(test) < np.quantile(bet(test), 0.1)
    return ((bet, flagged), z, test), [
        (((inside_only, flagged), z, test), "outside counts"),
        (((lambda x: bet(x).mean(), flagged), z, test), "two photos"),
        (((lambda x: bet(sigmoid(x)), flagged), z, test), "second sigmoid"),
        (((unguarded, flagged), z, test), "divides 0 by 0"),
        (((bet, own), z, test), "chosen on test"),
        (((bet, ~flagged), z, test), "not those above"),
        (((bet, bet(test) < 0.01), z, test), "not the test photos"),
        (((bet, None), z, test), "which test photos"),
        ((bet, z, test), "expected two"),
    ]


# ---- lesson 12


@case("12.1")
def _() -> Any:
    claim = recipes.Claim(iou=0.843, dice=0.910)
    ours = comparison.Row("x", None, (0,), comparison.Score(0.845, 0.83, 0.86), comparison.Score(0.908, 0.9, 0.92))
    bound = 2 * 0.843 / 1.843
    even = (0.910 - 0.843) / (bound - 0.843)
    our = (0.908 - 0.845) / (2 * 0.845 / 1.845 - 0.845)
    return ((True, even, np.bool_(True)), claim, ours), [
        (((False, even, True), claim, ours), "possible: an IoU of"),
        (((True, even, False), claim, ours), "inside: our interval"),
        (((True, 0.910 / bound, True), claim, ours), "share of its bound"),
        (((True, 1 - even, True), claim, ours), "1 minus it"),
        (((True, our, True), claim, ours), "ours, not the claim's"),
        ((("yes", even, True), claim, ours), "say True or False"),
        ((True, claim, ours), "expected three"),
    ]


SPREAD = seeds.SeedSpread(0.004, 6, ("a", "b"))


@case("12.2")
def _() -> Any:
    left = 1 / 196**2 - 2 * 0.004**2 / 3
    needed = np.ceil(0.1**2 / left)
    return (needed, 3, 0.1, SPREAD), [
        ((379, 3, 0.1, SPREAD), "nothing below"),
        ((10 * needed, 3, 0.1, SPREAD), "not the smallest"),
        (((0.1 * 196) ** 2, 3, 0.1, SPREAD), "seeds were forgotten"),
        ((np.inf, 3, 0.1, SPREAD), "is enough"),
        ((100_000, 1, 0.1, seeds.SeedSpread(0.01, 6, ("a",))), "no number of images"),
    ]


@case("12.3")
def _() -> Any:
    light, smp = recipes.get_recipe("light"), recipes.get_recipe("smp-unet")
    return (replace(light, name="control", decoder=smp.decoder),), [
        ((smp,), "it still differs in"),
        ((light,), "the decoders are the same"),
        ((replace(light, decoder="unet"),), "smp-unet's decoder"),
        (("smp-unet",), "expected a recipe"),
    ]


@case("04.1")
def _() -> Any:
    def gradient(z: Tensor, t: Tensor, smooth: float = 1) -> Tensor:
        p = torch.sigmoid(z)
        overlap, union = (p * t).sum() + smooth, (p + t - p * t).sum() + smooth
        return -p * (1 - p) * (t * union - (1 - t) * overlap) / union**2

    def of_dice(z: Tensor, t: Tensor) -> Tensor:
        p = torch.sigmoid(z)
        overlap, total = 2 * (p * t).sum() + 1, (p + t).sum() + 1
        return -p * (1 - p) * (2 * t * total - overlap) / total**2

    return (gradient,), [
        ((lambda z, t: -gradient(z, t),), "the sign"),
        ((of_dice,), "soft Dice"),
        ((lambda z, t: gradient(z, t) / (torch.sigmoid(z) * torch.sigmoid(-z)),), "chain"),
        ((lambda z, t: gradient(z, t, 0),), "s = 1"),
        ((lambda z, t: torch.zeros_like(z),), "all zeros"),
        ((lambda z, t: gradient(z, t).sum(),), "one number a pixel"),
    ]


@case("04.2")
def _() -> Any:
    def tversky(z: Tensor, t: Tensor, beta: float) -> Tensor:
        p = torch.sigmoid(z)
        tp, fp, fn = (p * t).sum(), (p * (1 - t)).sum(), ((1 - p) * t).sum()
        return 1 - (tp + 1) / (tp + (1 - beta) * fp + beta * fn + 1)

    y, x = np.mgrid[:48, :64]
    t = torch.tensor(np.hypot(y - 24, x - 30) < 14)[None, None].float()
    noisy = t + 0.5 * torch.randn(t.shape, generator=torch.Generator().manual_seed(0))
    reached = {b / 40: recall(lambda z, t, b=b: tversky(z, t, b / 40), noisy, t) for b in range(20, 40)}
    right = min(reached, key=lambda b: abs(reached[b] - 0.95))
    return ((tversky, right), noisy, t), [
        (((tversky, 0.5), noisy, t), "try a larger one"),
        (((tversky, 0.99), noisy, t), "try a smaller one"),
        (((lambda z, t, beta: tversky(z, t, 1 - beta), right), noisy, t), "weighs the false negatives"),
        (((lambda z, t, beta: tversky(z, t, beta) ** 2, right), noisy, t), "with beta = .7"),
        ((tversky, noisy, t), "pass a pair"),
    ]


@case("04.3")
def _() -> Any:
    def loss(z: Tensor, t: Tensor, smooth: float = 1, dims: Any = (1, 2, 3), sigmoids: int = 1) -> Tensor:
        for _ in range(sigmoids):
            z = torch.sigmoid(z)
        return (1 - (2 * (z * t).sum(dims) + smooth) / ((z + t).sum(dims) + smooth)).mean()

    return (loss,), [
        ((lambda z, t: loss(z, t, sigmoids=2),), "How small can a sigmoid of a sigmoid be"),
        ((lambda z, t: loss(z, t, smooth=15),), "is the constant worth"),
        ((lambda z, t: loss(z, t, dims=None),), "Over which axes"),
        ((lambda z, t: loss(z, t, smooth=1000),), "the small lesion alone"),
    ]


@case("05.1")
def _() -> Any:
    def turn(image: Any, mask: Any, rng: Any) -> Any:
        quarters, mirrored = rng.integers(4), rng.random() < 0.5
        image, mask = np.rot90(image, quarters), np.rot90(mask, quarters)
        return (image[:, ::-1], mask[:, ::-1]) if mirrored else (image, mask)

    return (turn,), [
        ((lambda image, mask, rng: (np.rot90(image, rng.integers(4)), np.rot90(mask, rng.integers(4))),), "mask says"),
        ((lambda image, mask, rng: (image[:, ::-1], mask[:, ::-1]),), "1 came"),
        ((turn(np.zeros((8, 8, 3)), np.zeros((8, 8)), np.random.default_rng(0)),), "pass the function itself"),
    ]


@case("05.2")
def _() -> Any:
    guilty = "".join(letter for letter, load in wrong_pairs.LINE_UP.items() if load in wrong_pairs.MISTAKES.values())
    return (guilty,), [
        ((guilty[:2],), "1 wrong loaders are still free"),
        (("ABCDE",), "2 of the accused read rightly"),
        (("Z",), "no loader Z"),
    ]


@case("05.3")
def _() -> Any:
    def pace(n: int, batch: int, decode: float, workers: int, step: float) -> float:
        return max(n * decode / workers, n / batch * step)

    return (pace,), [
        ((lambda n, batch, decode, workers, step: n * decode / workers + n / batch * step,), "played through"),
        ((lambda n, batch, decode, workers, step: max(n * decode, n / batch * step),), "you say"),
        ((pace(16, 16, 0.1, 1, 0.1),), "pass the function itself"),
    ]


@case("05.4")
def _() -> Any:
    pairs = lesson().decoded.validation
    rough = {}
    for alpha in (20, 300):
        deform = albumentations.Compose([albumentations.ElasticTransform(alpha, 6, p=1.0)], seed=1)
        moved = [deform(image=i, mask=m)["mask"] for i, m in zip(pairs.images, pairs.masks, strict=True)]
        rough[f"alpha {alpha}"] = float(np.nanmedian([properties.border_detail(mask == 1) for mask in moved]))
    plain = float(np.nanmedian([properties.border_detail(mask == 1) for mask in pairs.masks]))
    return ({"as it is": plain, **rough}, pairs), [
        (({"alpha 20": plain, "alpha 300": plain}, pairs), "that nothing was done to"),
        (({"alpha 300": rough["alpha 20"], "alpha 20": rough["alpha 300"]}, pairs), "deformed so have about"),
        (({"alpha 20": rough["alpha 20"]}, pairs), "one strength is no comparison"),
        ((rough["alpha 20"], pairs), "one number for each alpha"),
    ]


@cache
def arguments(name: str) -> Any:
    return CASES[name]()


NAMES = pytest.mark.parametrize("name", CASES)


# ---- every exercise


@NAMES
def test_the_solution_is_right(name: str) -> None:
    right, _ = arguments(name)
    verdict = exercises.check(name, *right)
    assert verdict.status == "right" and len(verdict.detail) > 15, verdict
    assert str(verdict) == repr(verdict) == f"right: {verdict.detail}"


@NAMES
def test_wrong_answers_are_refused_each_with_its_own_sentence(name: str) -> None:
    _, wrong = arguments(name)
    assert len(wrong) >= 2
    verdicts = [(exercises.check(name, *answer), words) for answer, words in wrong]
    assert [(str(v), words) for v, words in verdicts if v.status != "wrong" or words not in v.detail] == []
    assert len({v.detail for v, _ in verdicts}) > len(verdicts) // 2


@pytest.mark.parametrize("name", exercises.EXERCISES)
def test_no_answer_is_not_attempted(name: str) -> None:
    for nothing in (None, ..., {}, [], (None, None), {"a": None}):
        assert exercises.check(name, nothing).status == "not attempted"
    assert exercises.check(name).status == "not attempted"


@pytest.mark.parametrize("name", exercises.EXERCISES)
def test_what_is_missing_in_the_call_is_named(name: str) -> None:
    grader = exercises.EXERCISES[name]
    verdict = exercises.check(name, "answer", *["x"] * 9)
    assert verdict.status == "crashed" and f'exercises.check("{name}", ' in verdict.detail
    assert all(parameter in verdict.detail for parameter in inspect.signature(grader).parameters)


def test_every_exercise_is_tested_and_an_unknown_one_is_answered_with_the_nearest() -> None:
    assert set(CASES) | {"07.2"} == set(exercises.EXERCISES)
    with pytest.raises(UnknownNameError, match="There is no exercise named '7.1'. Did you mean '07.1'"):
        exercises.check("7.1", 1)


@pytest.mark.parametrize("name", ["03.1", "11.3"])
def test_a_function_that_says_nothing_is_not_attempted_and_one_that_raises_crashed(name: str) -> None:
    def silent(*_: Any) -> None: ...

    def unfinished(*_: Any) -> None:
        raise NotImplementedError

    def broken(*_: Any) -> None:
        raise ZeroDivisionError("division by zero")

    right, _ = arguments(name)
    for function, status in ((silent, "not attempted"), (unfinished, "not attempted"), (broken, "crashed")):
        answer = function if name == "03.1" else (function, None)
        verdict = exercises.check(name, answer, *right[1:])
        assert verdict.status == status
    assert verdict.detail == "ZeroDivisionError: division by zero"


def test_a_class_that_is_not_finished_is_not_attempted() -> None:
    assert exercises.check("08.2", Unfinished, MobileNetV2Encoder(None)).status == "not attempted"


def test_a_check_leaves_models_and_random_numbers_alone() -> None:
    slips, gates = (arguments(name)[0] for name in ("06.1", "09.2"))
    models = [fit.model for fit in slips[2].values()]
    state, before = copy.deepcopy(gates[1].state_dict()), torch.get_rng_state()
    exercises.check("06.1", *slips)
    exercises.check("09.2", *gates)
    exercises.check("10.3", *arguments("10.3")[0])
    assert torch.equal(torch.get_rng_state(), before)
    assert all(model.preprocessing == default_preprocessing() for model in models)
    assert all(torch.equal(value, state[name]) for name, value in gates[1].state_dict().items())


# ---- how answers are read


def test_numbers_are_read_from_what_students_have() -> None:
    for answer in ({"8": 1, 16: 2.0}, [1, 2], np.array([1, 2]), pd.Series([1, 2], [8, 16]), (torch.tensor(1), 2)):
        assert numbers(answer, [8, 16], "x") == {8: 1.0, 16: 2.0}
    assert numbers({0.1 * 3: 1}, [0.3], "x") == {0.3: 1.0}
    assert number(np.float32(2), "x") == 2.0
    assert is_blank([None, (..., {})]) and not is_blank([0]) and not is_blank(np.zeros(2))


# ---- the lessons

QUESTION = re.compile(r'exercises\.check\("(\d\d)\.(\d)"')


def asked(text: str) -> set[str]:
    return {".".join(found) for found in QUESTION.findall(text)}


def of_ours() -> list[Any]:
    """The lessons that have exercises here."""
    return [path for path in sources() if any(name.startswith(path.stem[:2]) for name in exercises.EXERCISES)]


@pytest.mark.parametrize("source", of_ours(), ids=lambda path: path.stem)
def test_each_exercise_of_a_lesson_is_checked_in_its_frame_and_in_its_solution(source: Any) -> None:
    text = source.read_text(encoding="utf-8")
    known = {name for name in exercises.EXERCISES if name.startswith(source.stem[:2])}
    solutions = "".join(re.findall(r"# %% Solution.*?(?=\n# %%|\Z)", text, re.DOTALL))
    frames = re.sub(r"# %% Solution.*?(?=\n# %%|\Z)", "", text, flags=re.DOTALL)
    questions = set(
        re.findall(r"(?m)^# (?:\*\*|### )(\d)\. ", text.split("# ## Exercises")[1].split("# ## Take-away")[0])
    )
    assert known == {f"{source.stem[:2]}.{number}" for number in questions} == asked(frames) == asked(solutions)
    assert 2 <= len(known) <= 4


@pytest.mark.parametrize("source", of_ours(), ids=lambda path: path.stem)
def test_the_published_solutions_were_found_right(source: Any) -> None:
    for cell in read(of(source)).cells:
        if cell.cell_type != "code" or "hide-cell" not in tags(cell) or not asked(cell.source):
            continue
        shown = "\n".join(str(o.get("text") or o.get("data", {}).get("text/plain", "")) for o in cell.outputs)
        verdicts = re.findall(r"(?m)^(right|wrong|crashed|not attempted): ", shown)
        assert verdicts == ["right"] * len(asked(cell.source)), cell.source.removeprefix(SOLUTION)[:200] + shown[:400]
