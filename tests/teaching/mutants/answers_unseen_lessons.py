"""The third part: answers to the exercises, written from the lessons' texts alone, before any of them was run."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import albumentations
import numpy as np
import pandas as pd
import torch
from sklearn.metrics import average_precision_score, jaccard_score
from torch import nn

from lesionseg_lib.data import properties
from lesionseg_lib.evaluation import boundaries, scoring
from lesionseg_lib.models.postprocessing import sigmoid
from lesionseg_lib.teaching.clinic.cures import iou
from lesionseg_lib.teaching.demos import wrong_pairs
from lesionseg_lib.training import probing, recipes
from tests.helpers.exercises import arguments
from tests.helpers.exercises.lesson02 import finders
from tests.helpers.exercises.lesson08 import JOINED, Adds, unet
from tests.helpers.exercises.lesson09 import gated
from tests.helpers.exercises.lesson11 import bet
from tests.helpers.stand_ins import dark, lesson, official, score
from tests.teaching.mutants.bank import Later, right, wrong
from tests.teaching.mutants.changes import each, made, placed

TENTHS = [n / 10 for n in range(1, 10)]


def with_rest(task: str, answer: Any) -> Later:
    """An answer that is made when it is needed, with what the exercise wants beside it."""
    return Later(lambda: (answer(), *arguments(task)[0][1:]))


# ---- 01.1
def thresholds(reduce: Any = lambda j: j.mean(), column: str = "jaccard", part: str = "validation") -> Any:
    p = sigmoid(dark().logits(getattr(lesson().decoded, part).images))
    return {t: float(reduce(scoring.score_images(p, getattr(lesson().splits, part), t)[column])) for t in TENTHS}


wrong("01.1", "the validation photos of the training set", "training photos|other photos|which photos",
      with_rest("01.1", lambda: thresholds(part="train")))  # fmt: skip
wrong("01.1", "the lower quartile", "median|quartile|quantile|not the mean", with_rest("01.1",
      lambda: thresholds(lambda j: j.quantile(0.25))))  # fmt: skip
wrong("01.1", "recall", "recall|sensitivity", with_rest("01.1", lambda: thresholds(column="sensitivity")))
right("01.1", "a frame of two columns", with_rest("01.1", lambda: pd.DataFrame(thresholds().items(), columns=["t", "j"])))


# ---- 01.2
def guess(mask: Any, part: str = "validation") -> float:
    return score(np.repeat(np.asarray(mask, np.float32)[None], len(getattr(lesson().splits, part)), 0), part)


wrong("01.2", "the mean mask of the first ten", "mean of a few", made("01.2", lambda v: v | {
      "mean mask": guess(lesson().decoded.train.masks[:3].mean(0) - 0.5)}))  # fmt: skip
wrong("01.2", "the mean photo is dark", "photo was|brightness", made("01.2", lambda v: v | {
      "mean mask": guess(0.5 - lesson().decoded.train.images.mean((0, 3)) / 255)}))  # fmt: skip
wrong("01.2", "1 minus J", "1 minus", made("01.2", each(lambda x: 1 - x)))
right("01.2", "a column", made("01.2", pd.Series))


# ---- 01.3
def probabilities() -> Any:
    _, photo, network, size = arguments("01.3")[0]
    return network.probabilities(photo, size)


wrong("01.3", "above the photo's own mean", "own|adapt|mean|another threshold",
      with_rest("01.3", lambda: probabilities() > probabilities().mean()))  # fmt: skip
wrong("01.3", "pixels of 0 and 255", "bool", made("01.3", lambda m: m.astype(np.uint8) * 255))
wrong("01.3", "transposed", "transposed|width|turned|size|shape", made("01.3", lambda m: m.T))

# ---- 02.1
def per_column(of: Any) -> Any:
    def answer() -> Any:
        table = arguments("02.1")[0][1]
        ill = (table["diagnosis"] == "malignant").to_numpy()
        return {c: float(of(ill, table[c].fillna(0).to_numpy())) for c in ("area", "hair")}

    return with_rest("02.1", answer)


wrong("02.1", "average precision", "average precision|precision and recall|precision", per_column(average_precision_score))
wrong("02.1", "correlation", "correlation", per_column(lambda ill, x: np.corrcoef(ill, x)[0, 1]))
wrong("02.1", "cut at the median first", "cut|two values|threshold|ranks?",
      per_column(lambda ill, x: probing.channel_auc(torch.tensor(1.0 * (x > np.median(x)))[:, None, None, None],
                                                    torch.tensor(ill)[:, None, None])[0]))  # fmt: skip
right("02.1", "one column", made("02.1", lambda v: {"area": v["area"]}))


# ---- 02.2
def hits(pick: Any) -> Any:
    def answer() -> Any:
        copies = arguments("02.2")[0][1]
        some = copies["unaltered"]
        return {n: {c: 100 * float(np.mean(pick(f(x, some)) == np.arange(len(x)))) for c, x in copies.items()}
                for n, f in finders().items()}  # fmt: skip

    return with_rest("02.2", answer)


wrong("02.2", "the closest copy of every original", "row|column|axis|the other way|original", hits(lambda d: d.argmin(0)))
wrong("02.2", "the second closest", "second closest", hits(lambda d: d.argsort(1)[:, 1]))
wrong("02.2", "misses", "misses|not found|100 minus|lost", made("02.2", lambda v: {
      n: {c: 100 - h for c, h in row.items()} for n, row in v.items()}))  # fmt: skip
right("02.2", "a frame", made("02.2", pd.DataFrame))


# ---- 03.1
def boxes(m: Any, t: Any) -> float:
    def box(x: Any) -> Any:
        out = np.zeros_like(x)
        if x.any():
            rows, columns = np.where(x)
            out[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1] = True
        return out

    return float(np.mean([iou(box(a)[None], box(b)[None])[0] for a, b in zip(m, t, strict=True)]))


def macro(m: Any, t: Any) -> float:
    return float(np.mean([jaccard_score(b.ravel(), a.ravel(), average="macro", zero_division=1)
                          for a, b in zip(m, t, strict=True)]))  # fmt: skip


def first_only(m: Any, t: Any) -> float:
    return float(iou(m[:1], t[:1])[0])


def in_bytes(m: Any, t: Any) -> float:
    a, b = m.astype(np.uint8), t.astype(np.uint8)
    both = (a * b).sum((1, 2), dtype=np.uint8)
    either = (a | b).sum((1, 2), dtype=np.uint8)
    return float(np.mean([x / y if y else 1.0 for x, y in zip(both.astype(float), either.astype(float), strict=True)]))


wrong("03.1", "IoU of the boxes around both", "box", boxes)
wrong("03.1", "scikit-learn, macro", "skin|background|both classes", macro)
wrong("03.1", "the first photo of the batch", "first photo", first_only)
wrong("03.1", "sums in uint8", "uint8|wrap|255|number type", in_bytes)
right("03.1", "scikit-learn, binary", lambda m, t: np.mean([jaccard_score(b.ravel(), a.ravel(), zero_division=1)
      for a, b in zip(m, t, strict=True)]))  # fmt: skip
right("03.1", "nanmean with ones", lambda m, t: np.nanmean(np.where((m | t).any((1, 2)), (m & t).sum((1, 2))
      / np.maximum((m | t).sum((1, 2)), 1), 1.0)))  # fmt: skip


# ---- 03.2
def claim(change: Any) -> Later:
    return made("03.2", lambda v: tuple(change(*v)))


wrong("03.2", "two independent means", "two means|root of (2|two)|difference|independent",
      claim(lambda d, r, h: (d, r, 2**0.5 * h)))  # fmt: skip
wrong("03.2", "ten seeds' t for n = 45 halved", "half|factor of 2|quarter|divided by 2", claim(lambda d, r, h: (d, r, h / 2)))
wrong("03.2", "rounded down to .92", "round", claim(lambda d, r, h: (0.92, r, h)))
right("03.2", "as in a paper", claim(lambda d, r, h: (round(d, 3), 1, round(h, 1))))


# ---- 04.1
def pieces(z: Any, t: Any, p: Any = None) -> Any:
    p = torch.sigmoid(z) if p is None else p
    return p, (p * t).sum() + 1, (p + t - p * t).sum() + 1


def of_log(z: Any, t: Any) -> Any:
    p, i, u = pieces(z, t)
    return -p * (1 - p) * (t / i - (1 - t) / u)


def with_cut(z: Any, t: Any) -> Any:
    p = torch.sigmoid(z)
    _, i, u = pieces(z, t, (p > 0.5).float())
    return -p * (1 - p) * (t * u - (1 - t) * i) / u**2


def of_whole_union(z: Any, t: Any) -> Any:
    p, i, u = pieces(z, t)
    return -p * (1 - p) * (t * u - (1 - t) * i) / (u**2 + i)


wrong("04.1", "the logarithm of J", "logarithm|log", of_log)
wrong("04.1", "I and U of the mask", "mask|cut|thresholded|hard", with_cut)
wrong("04.1", "a term too many below", "below|denominator|square", of_whole_union)
right("04.1", "numpy, float64", lambda z, t: autodiff(z.double(), t.double()).numpy())


def autodiff(z: Any, t: Any) -> Any:
    z = z.clone().requires_grad_(True)
    _, i, u = pieces(z, t)
    (1 - i / u).backward()
    return z.grad


# ---- 04.2
def tversky(after: Any = lambda x: x, swap: bool = False, smooth: float = 1.0, reduce: Any = torch.sum) -> Any:
    def loss(z: Any, t: Any, beta: float) -> Any:
        p = torch.sigmoid(z)
        tp, fp, fn = reduce(p * t), reduce(p * (1 - t)), reduce((1 - p) * t)
        a, b = (beta, beta) if swap else (1 - beta, beta)
        return after(1 - (tp + smooth) / (tp + a * fp + b * fn + smooth))

    return loss


def with_beta(loss: Any) -> Later:
    return made("04.2", lambda v: (loss, v[1]))


wrong("04.2", "focal Tversky", "focal|power|root|squared", with_beta(tversky(lambda x: x**0.75)))
wrong("04.2", "beta on both", "both", with_beta(tversky(swap=True)))
wrong("04.2", "means of pixels instead of sums", "means?|constant", with_beta(tversky(reduce=torch.mean)))
right("04.2", "in one expression", with_beta(tversky(lambda x: x.reshape(()))))


# ---- 04.3
def dice_loss(dims: Any = (1, 2, 3), s: float = 1.0, after: Any = lambda x: x.mean()) -> Any:
    def loss(z: Any, t: Any) -> Any:
        p = torch.sigmoid(z)
        return after(1 - (2 * (p * t).sum(dims) + s) / (p.sum(dims) + t.sum(dims) + s))

    return loss


wrong("04.3", "log-cosh", "cosh|function of the loss|logarithm", dice_loss(after=lambda x: torch.log(torch.cosh(x)).mean()))
wrong("04.3", "only one sigmoid less", "pool|batch|constant", dice_loss(dims=None, s=1000.0))
wrong("04.3", "with cross-entropy added", "cross-entropy", lambda z, t: dice_loss()(z, t)
      + nn.functional.binary_cross_entropy_with_logits(z, t))  # fmt: skip
right("04.3", "flattened", lambda z, t: (lambda p, q: (1 - (2 * (p * q).sum(1) + 1) / (p.sum(1) + q.sum(1) + 1)).mean())(
      torch.sigmoid(z).flatten(1), t.flatten(1)))  # fmt: skip


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
wrong("05.3", "per photo against per batch", "batch|photo", lambda photos, batch, decode, workers, step:
      max(decode / workers, step) * photos / batch)  # fmt: skip
wrong("05.3", "the loader waits for every batch", "add|both|sum", lambda photos, batch, decode, workers, step:
      photos / batch * (batch * decode / workers + step))  # fmt: skip
wrong("05.3", "batches per worker", "worker", lambda photos, batch, decode, workers, step:
      max(photos * decode / workers, photos / batch * step / workers))  # fmt: skip
right("05.3", "batch by batch", lambda photos, batch, decode, workers, step:
      photos / batch * max(batch * decode / workers, step))  # fmt: skip


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


wrong("05.4", "times the plain masks' detail", "relative|ratio|divided|times",
      with_rest("05.4", lambda: {k: v / plain_detail() for k, v in rough().items()}))  # fmt: skip
wrong("05.4", "always alpha 300", "same|all|strength|alpha", with_rest("05.4",
      lambda: dict.fromkeys(("alpha 20", "alpha 300"), rough((300,))["alpha 300"])))  # fmt: skip
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
    return lambda m: float(scoring.score_images(sigmoid(m.logits(getattr(lesson().decoded, part).images)),
                                                getattr(lesson().splits, part))["jaccard"].mean())  # fmt: skip


wrong("06.1", "on training photos", "training photos", slipped(on_part("train")))
wrong("06.1", "what is left, as a share", "share|relative|divided|ratio", slipped(lambda m: official(m) / official(dark())))
right("06.1", "a frame", made("06.1", pd.DataFrame))


# ---- 06.2
def covers(part: str = "validation", strides: Any = (8, 16, 32), of: Any = None) -> Any:
    masks = getattr(lesson().decoded, part).masks
    return {s: (of or score)(torch.logit(probing.best_cover(masks, s), eps=1e-6).numpy()) for s in strides}


wrong("06.2", "stride 16 everywhere", "stride", with_rest("06.2", lambda: dict.fromkeys((8, 16, 32), covers()[16])))
wrong("06.2", "one stride finer", "stride before|finer", with_rest("06.2",
      lambda: dict(zip((8, 16, 32), covers(strides=(4, 8, 16)).values(), strict=True))))  # fmt: skip
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

# ---- 08.1
wrong("08.1", "finest first", "order|reverse|coarsest", Later(lambda: (JOINED[::-1], unet())))
wrong("08.1", "one stride off", "stride|size|halv", Later(lambda: ([(c, 2 * h, 2 * w) for c, h, w in JOINED], unet())))
wrong("08.1", "the larger of the two", "come up from below", Later(lambda: (
      [(128, 10, 6), (64, 20, 12), (32, 40, 24), (16, 80, 48), (8, 160, 96)], unet())))  # fmt: skip
right("08.1", "an array", Later(lambda: (np.array(JOINED), unet())))


# ---- 08.2
class Multiplies(Adds):
    def forward(self, pyramid: Any, size: Any) -> Any:
        *skips, x = pyramid
        for i, (up, convs) in enumerate(zip(self.up, self.convs, strict=True)):
            x = convs(up(x) * self.prepare[i](skips.pop()) if skips else up(x))
        return self.head(x)


class WithRelu(Adds):
    def forward(self, pyramid: Any, size: Any) -> Any:
        *skips, x = pyramid
        for i, (up, convs) in enumerate(zip(self.up, self.convs, strict=True)):
            x = convs(up(x) + torch.relu(self.prepare[i](skips.pop())).detach() if skips else up(x))
        return self.head(x)


wrong("08.2", "multiplied", "multipl|added|product", Multiplies, arguments("08.2")[0][1])
wrong("08.2", "an activation, and detached", "not linear|gradient", WithRelu, arguments("08.2")[0][1])


# ---- 08.3
def bands(reduce: Any) -> Any:
    def answer() -> Any:
        model, data, edges = arguments("08.3")[0][1:]
        pyramid = model.encoder(model.normalise(data.images))
        found = {}
        for name, levels in (("all skips", ()), ("without stride 2", (0,)), ("without strides 2 to 16", (0, 1, 2, 3))):
            robbed = list(pyramid)
            for i in levels:
                robbed[i] = robbed[i].mean((0, 2, 3), keepdim=True).expand_as(robbed[i])
            wrongly, of = boundaries.errors_by_distance(model(robbed)[:, 0].detach().numpy() > 0, data.masks == 1, edges)
            found[name] = reduce(np.asarray(wrongly, float), np.asarray(of, float))
        return found

    return with_rest("08.3", answer)


wrong("08.3", "cumulated over the bands", "includes those before", bands(
      lambda w, n: 100 * w.sum(0).cumsum() / np.maximum(n.sum(0).cumsum(), 1)))  # fmt: skip
wrong("08.3", "photo by photo, then the mean", "photos. own rates", bands(
      lambda w, n: 100 * np.nanmean(np.where(n > 0, w / np.maximum(n, 1), np.nan), 0)))  # fmt: skip
right("08.3", "lists", bands(lambda w, n: (100 * w.sum(0) / np.maximum(n.sum(0), 1)).tolist()))


# ---- 09.1
def gate_terms(i: int = 12, k: int = 1, bias: int = 1) -> int:
    return 4 * 24 * i + 32 * i + bias * i + i + 1 + k * 24 * 24 + 2 * 24


wrong("09.1", "a 3 x 3 convolution behind", "kernel", Later(lambda: (gate_terms(k=9), gated().decoder.gates[2])))
wrong("09.1", "half of the sum of both", "half|hidden|channels", Later(lambda: (gate_terms(i=28), gated().decoder.gates[2])))
right("09.1", "text", Later(lambda: ("4,201" if gate_terms() == 4201 else f"{gate_terms():,}", gated().decoder.gates[2])))

# ---- 09.2
wrong("09.2", "AUC turned over where below .5", "turned|below|mirrored|larger of", made("09.2", lambda v: {
      h: {k: (max(x, 1 - x) if k != "J" else x) for k, x in row.items()} for h, row in v.items()}))  # fmt: skip
wrong("09.2", "J in percent", "percent", made("09.2", lambda v: {h: row | {"J": 100 * row["J"]} for h, row in v.items()}))
right("09.2", "a frame", made("09.2", lambda v: pd.DataFrame(v).T))


# ---- 09.3
def needed(change: Any) -> Later:
    return made("09.3", change)


wrong("09.3", "with a power of four fifths", "four times out of five|2\\.8", needed(lambda n: n * (2.8 / 1.96) ** 2))
wrong("09.3", "the standard error for the half-width", "standard error|1\\.96", needed(lambda n: n / 1.96**2))
right("09.3", "rounded up", needed(lambda n: int(np.ceil(n))))

# ---- 10.1
wrong("10.1", "powers of two", "further|wider|larger", (1, 2, 4))
wrong("10.1", "two dense layers first", "hole|too wide|not read|skip", (1, 1, 9))
right("10.1", "an array", np.array([1, 3, 9]))

# ---- 10.2
wrong("10.2", "pixels of the photo", "pixels|stride", made("10.2", lambda v: {k: n * int(k) ** 2 for k, n in v.items()}))
wrong("10.2", "one cell too few on each side", "side|square|rim|smaller", made("10.2", lambda v: {
      k: int(n**0.5 - 1) ** 2 for k, n in v.items()}))  # fmt: skip
right("10.2", "a list", made("10.2", lambda v: list(v.values())))

# ---- 10.3
wrong("10.3", "numbers of weights", "number", (0, 8, 8), (6, 12, 18), 8)
wrong("10.3", "nothing survives at 18", "middle|centre|all", (0, 8 / 9, 1), (6, 12, 18), 8)
right("10.3", "a dictionary", {6: 0, 12: 0.889, 18: 0.889}, (6, 12, 18), 8)


# ---- 11.1
def grouped(of: Any) -> Any:
    def answer() -> Any:
        table, strata = arguments("11.1")[0][1:]
        keys = [strata["size"], strata["diagnosis"].fillna("unknown")]
        return of(table["jaccard"].groupby(keys, observed=True)).unstack()

    return with_rest("11.1", answer)


wrong("11.1", "the scatter", "deviation|scatter|spread", grouped(lambda g: g.std()))
wrong("11.1", "the largest", "best|largest|maximum", grouped(lambda g: g.max()))
wrong("11.1", "the share that fails", "share|fail|below", grouped(lambda g: g.apply(lambda j: (j < 0.65).mean())))
right("11.1", "a pivot table", with_rest("11.1", lambda: pd.concat(arguments("11.1")[0][1:], axis=1).fillna(
      {"diagnosis": "unknown"}).pivot_table("jaccard", "size", "diagnosis", observed=True)))  # fmt: skip

# ---- 11.2
wrong("11.2", "its logarithm", "logarithm|above 0|log", made("11.2", lambda t: float(np.log(t))))
wrong("11.2", "all photos", "all photos|other half|half", made("11.2", lambda t: best_temperature()))
right("11.2", "a tensor", made("11.2", lambda t: torch.tensor([t])))


def best_temperature() -> float:
    _, z, truth = arguments("11.2")[0]
    grid = np.linspace(0.2, 5, 300)
    target = torch.tensor(truth).float()
    losses = [nn.functional.binary_cross_entropy_with_logits(torch.tensor(z) / t, target).item() for t in grid]
    return float(grid[int(np.argmin(losses))])


# ---- 11.3
def flagged(function: Any, rule: Any = None) -> Later:
    def make() -> tuple[Any, ...]:
        (_, own), z, test = arguments("11.3")[0]
        return (function, own if rule is None else rule(bet(z), bet(test))), z, test

    return Later(make)


def confidence(x: Any) -> Any:
    p = sigmoid(x)
    return np.maximum(p, 1 - p).mean((1, 2))


wrong("11.3", "mean confidence", "whole photo|mean|confidence|skin", flagged(confidence))
right("11.3", "the numbers of the photos", flagged(bet,
      lambda z, test: np.flatnonzero(test < np.quantile(z, 0.1))))  # fmt: skip
wrong("11.3", "below .1", "limit|fixed", flagged(bet, lambda z, test: test < 0.1))
right("11.3", "a list", flagged(bet, lambda z, test: list(test < np.quantile(z, 0.1))))

# ---- 12.1
wrong("12.1", "the gap between both", "difference|gap|divided|subtract", made("12.1", lambda v: (v[0], 0.91 - 0.843, v[2])))
wrong("12.1", "Dice over IoU", "ratio|over|divided|share", made("12.1", lambda v: (v[0], 0.91 / 0.843, v[2])))
right("12.1", "a dictionary", made("12.1", lambda v: dict(zip(("possible", "how_even", "inside"), v, strict=True))))

# ---- 12.2
wrong("12.2", "with a power of four fifths", "power|2\\.8|smallest|enough", made("12.2", lambda n: np.inf))
wrong("12.2", "no seeds at all, one per recipe", "seed", made("12.2", lambda n: 0.1**2 / (1 / 196**2)))
right("12.2", "as a float", made("12.2", float))

# ---- 12.3
wrong("12.3", "light's rates changed, too", "differs|more than|also", Later(lambda: (replace(recipes.get_recipe("light"),
      name="c", decoder=recipes.get_recipe("smp-unet").decoder, learning_rate=3e-4),)))  # fmt: skip
wrong("12.3", "smp-unet with light's decoder", "training", Later(lambda: (replace(recipes.get_recipe("smp-unet"), name="c",
      decoder=recipes.get_recipe("light").decoder),)))  # fmt: skip
