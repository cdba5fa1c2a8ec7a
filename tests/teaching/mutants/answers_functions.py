"""Answers that are functions: to lessons 03, 04 and 05."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from lesionseg_lib.evaluation.metrics import confusion, dice
from lesionseg_lib.teaching.clinic.cures import iou
from tests.helpers.exercises import arguments
from tests.teaching.mutants.bank import Later, right, wrong


def by_hand(m: Any, t: Any) -> Any:
    return (m & t).sum((1, 2)) / (m | t).sum((1, 2))


# ---- 03.1
wrong("03.1", "pooled", "pooled", lambda m, t: (m & t).sum() / max((m | t).sum(), 1))
wrong(
    "03.1",
    "bool plus bool above 1",
    "never counted",
    lambda m, t: (((m + t) > 1).sum((1, 2)) / np.maximum((m | t).sum((1, 2)), 1)).mean(),
)
wrong(
    "03.1",
    "both areas below",
    "sum of both areas",
    lambda m, t: np.mean(
        [(a & b).sum() / (a.sum() + b.sum()) if (a | b).any() else 1 for a, b in zip(m, t, strict=True)]
    ),
)
wrong("03.1", "median", "median", lambda m, t: np.median(iou(m, t)))
wrong("03.1", "divided by two photos", "number of photos", lambda m, t: iou(m, t).sum() / 2)
wrong("03.1", "percent", "percent", lambda m, t: 100 * iou(m, t).mean())
wrong("03.1", "Dice", "Dice", lambda m, t: dice(confusion(m, t)).mean())
wrong("03.1", "accuracy", "accuracy", lambda m, t: (m == t).mean())
wrong("03.1", "nan stays", "nan", by_hand and (lambda m, t: by_hand(m, t).mean()))
wrong("03.1", "constant of 1", "constant", lambda m, t: (((m & t).sum((1, 2)) + 1) / ((m | t).sum((1, 2)) + 1)).mean())
wrong("03.1", "truth is not used", "never uses|every|one of", lambda m, t: float(m.mean()))
right("03.1", "healthy", lambda m, t: iou(m, t).mean())
right("03.1", "nan becomes 1", lambda m, t: np.nan_to_num(by_hand(m, t), nan=1).mean())
right("03.1", "a tensor", lambda m, t: torch.tensor(iou(m, t)).mean())
right("03.1", "small constants", lambda m, t: (((m & t).sum((1, 2)) + 1e-8) / ((m | t).sum((1, 2)) + 1e-8)).mean())


# ---- 04.1
def gradient(
    z: Any, t: Any, sign: int = -1, s: float = 1, chain: Any = None, du: Any = None, power: int = 2, plus: int = -1
) -> Any:
    p = torch.sigmoid(z)
    i, u = (p * t).sum() + s, (p + t - p * t).sum() + s
    return (
        sign
        * (p * (1 - p) if chain is None else chain(p))
        * (t * u + plus * (1 - t if du is None else du(t)) * i)
        / u**power
    )


def autograd(loss: Any, z: Any, t: Any) -> Any:
    z = z.clone().requires_grad_(True)
    return torch.autograd.grad(loss(torch.sigmoid(z), t), z)[0]


wrong("04.1", "plus instead of minus", "plus", partial(gradient, plus=1))
wrong("04.1", "union's derivative is 1", "derivative of the union", partial(gradient, du=lambda t: 1.0))
wrong("04.1", "not squared", "square", partial(gradient, power=1))
wrong("04.1", "no constant", "constant", partial(gradient, s=0))
wrong("04.1", "sign", "sign", partial(gradient, sign=1))
wrong("04.1", "no chain rule", "chain", partial(gradient, chain=lambda p: 1.0))
wrong("04.1", "p instead of p (1 - p)", "chain", partial(gradient, chain=lambda p: p))
wrong("04.1", "p - t", "cross-entropy", lambda z, t: torch.sigmoid(z) - t)
wrong("04.1", "only the overlap's term", "one of the two terms", partial(gradient, du=lambda t: 0 * t))
wrong("04.1", "divided by pixels", "number of pixels", lambda z, t: gradient(z, t) / z.numel())
wrong("04.1", "sign and constant", "sign", partial(gradient, sign=1, s=0))
right("04.1", "closed form", gradient)
right("04.1", "autograd", partial(autograd, lambda p, t: 1 - ((p * t).sum() + 1) / ((p + t - p * t).sum() + 1)))
right("04.1", "as an array", lambda z, t: gradient(z, t).numpy())
right(
    "04.1",
    "two cases",
    lambda z, t: (
        lambda p: (
            -p
            * (1 - p)
            * torch.where(
                t > 0, 1 / ((p + t - p * t).sum() + 1), -((p * t).sum() + 1) / ((p + t - p * t).sum() + 1) ** 2
            )
        )
    )(torch.sigmoid(z)),
)


# ---- 04.2
def tversky(
    z: Any,
    t: Any,
    beta: float,
    alpha: Any = None,
    top: float = 1,
    bottom: float = 1,
    two: float = 1,
    squash: Any = torch.sigmoid,
) -> Any:
    p = squash(z)
    tp, fp, fn = (p * t).sum(), (p * (1 - t)).sum(), ((1 - p) * t).sum()
    return 1 - (two * tp + top) / (two * tp + (1 - beta if alpha is None else alpha(beta)) * fp + beta * fn + bottom)


def pair(function: Any, beta: Any = None) -> Later:
    def make() -> tuple[Any, ...]:
        (_, best), noisy, t = arguments("04.2")[0]
        return (function, best if beta is None else beta), noisy, t

    return Later(make)


wrong("04.2", "alpha .3 written in", "fixed number", pair(partial(tversky, alpha=lambda b: 0.3)))
wrong("04.2", "beta not used", "does not use its beta", pair(lambda z, t, beta: tversky(z, t, 0.7)))
wrong("04.2", "the index", "index itself", pair(lambda z, t, beta: 1 - tversky(z, t, beta)))
wrong("04.2", "logits", "logits|sigmoid", pair(partial(tversky, squash=lambda z: z)))
wrong("04.2", "swapped", "exchanged", pair(lambda z, t, beta: tversky(z, t, 1 - beta)))
wrong("04.2", "no constant", "constant", pair(partial(tversky, top=0, bottom=0)))
wrong("04.2", "constant below only", "below the line only", pair(partial(tversky, top=0)))
wrong("04.2", "two tp", "counted twice", pair(partial(tversky, two=2)))
wrong("04.2", "same weight", "same weight", pair(partial(tversky, alpha=lambda b: b)))
wrong(
    "04.2",
    "means",
    "means over pixels",
    pair(
        lambda z, t, beta: (
            lambda p: (
                1
                - ((p * t).mean() + 1)
                / ((p * t).mean() + (1 - beta) * (p * (1 - t)).mean() + beta * ((1 - p) * t).mean() + 1)
            )
        )(torch.sigmoid(z))
    ),
)
wrong(
    "04.2",
    "sigmoid twice",
    "sigmoid of a sigmoid",
    pair(partial(tversky, squash=lambda z: torch.sigmoid(torch.sigmoid(z)))),
)
wrong("04.2", "detached", "gradient", pair(lambda z, t, beta: tversky(z.detach(), t, beta)))
wrong("04.2", "beta too small", "larger one", pair(tversky, 0.5))
right("04.2", "plain", pair(tversky))
right("04.2", "as a list", Later(lambda: ([tversky, arguments("04.2")[0][0][1]], *arguments("04.2")[0][1:])))
right(
    "04.2",
    "as a dictionary",
    Later(lambda: ({"function": tversky, "beta": arguments("04.2")[0][0][1]}, *arguments("04.2")[0][1:])),
)
right(
    "04.2",
    "from areas",
    pair(
        lambda z, t, beta: (lambda p, i: 1 - (i + 1) / (i + (1 - beta) * (p.sum() - i) + beta * (t.sum() - i) + 1))(
            torch.sigmoid(z), (torch.sigmoid(z) * t).sum()
        )
    ),
)


# ---- 04.3
def soft(
    z: Any,
    t: Any,
    top: float = 1,
    bottom: float = 1,
    dims: Any = (1, 2, 3),
    squash: Any = torch.sigmoid,
    two: float = 2,
    power: int = 1,
    last: Any = torch.mean,
) -> Any:
    p = squash(z)
    return last(1 - (two * (p * t).sum(dims) + top) / ((p**power + t).sum(dims) + bottom))


wrong("04.3", "constant in the bracket", "bracket", partial(soft, top=2))
wrong("04.3", "constant below only", "below the line only", partial(soft, top=0))
wrong("04.3", "V-Net's squares", "squares", partial(soft, power=2))
wrong("04.3", "detached", "gradient", lambda z, t: soft(z.detach(), t))
wrong("04.3", "summed over photos", "added, not averaged", partial(soft, last=torch.sum))
wrong("04.3", "pooled", "pooled|whole batch", partial(soft, dims=(0, 1, 2, 3)))
wrong("04.3", "constant 1000", "too large", partial(soft, top=1000, bottom=1000))
wrong("04.3", "two sigmoids", "sigmoid of a sigmoid", partial(soft, squash=lambda z: torch.sigmoid(torch.sigmoid(z))))
wrong("04.3", "no 2", "factor 2", partial(soft, two=1))
wrong("04.3", "logits", "logits|sigmoid", partial(soft, squash=lambda z: z))
wrong("04.3", "hard", "threshold|gradient", partial(soft, squash=lambda z: (z > 0).float()))
wrong(
    "04.3",
    "one sigmoid, all else as it was",
    "pooled|whole batch|constant",
    partial(soft, top=1000, bottom=1000, dims=(0, 1, 2, 3)),
)
wrong("04.3", "item", "gradient", lambda z, t: soft(z, t).item())
right("04.3", "plain", soft)
right(
    "04.3",
    "flattened",
    lambda z, t: (lambda p, q: (1 - (2 * (p * q).sum(1) + 1) / (p.sum(1) + q.sum(1) + 1)).mean())(
        torch.sigmoid(z).flatten(1), t.flatten(1)
    ),
)
right("04.3", "a loop", lambda z, t: torch.stack([soft(a[None], b[None]) for a, b in zip(z, t, strict=True)]).mean())
right("04.3", "log-sigmoid", lambda z, t: soft(z, t, squash=lambda x: F.logsigmoid(x).exp()))


# ---- 05.1
def turn(image: Any, mask: Any, rng: Any, k: Any = None, m: Any = None) -> Any:
    k = rng.integers(4) if k is None else k(rng)
    m = rng.random() < 0.5 if m is None else m(rng)
    image, mask = np.rot90(image, k), np.rot90(mask, k)
    return (image[:, ::-1], mask[:, ::-1]) if m else (image, mask)


wrong(
    "05.1",
    "each draws anew",
    "different draws",
    lambda i, m, rng: (np.rot90(i, rng.integers(4)), np.rot90(m, rng.integers(4))),
)
wrong("05.1", "never mirrored", "nothing is ever mirrored", partial(turn, m=lambda rng: False))
wrong("05.1", "always mirrored", "every pair is mirrored", partial(turn, m=lambda rng: True))
wrong("05.1", "integers(3)", "never come", partial(turn, k=lambda rng: rng.integers(3)))
wrong(
    "05.1",
    "global numpy",
    "do not come from `rng`|global|another generator",
    lambda i, m, rng: turn(i, m, np.random.default_rng()),
)
wrong("05.1", "image only", "mask stays", lambda i, m, rng: (turn(i, m, rng)[0], m))
wrong("05.1", "mirrored one time in five", "half of the time", partial(turn, m=lambda rng: rng.random() < 0.2))
wrong("05.1", "colours flipped", "colours", lambda i, m, rng: (turn(i, m, rng)[0][..., ::-1], turn(i, m, rng)[1]))
wrong(
    "05.1",
    "other way round",
    "by the same draw",
    lambda i, m, rng: (lambda k: (np.rot90(i, k), np.rot90(m, -k)))(rng.integers(4)),
)
wrong("05.1", "half turns only", "quarter", partial(turn, k=lambda rng: 2 * rng.integers(2)))
wrong("05.1", "float", "type", lambda i, m, rng: turn(i / 255, m, rng))
right("05.1", "plain", turn)
right("05.1", "copies", lambda i, m, rng: tuple(a.copy() for a in turn(i, m, rng)))
right("05.1", "a list", lambda i, m, rng: list(turn(i, m, rng)))
right(
    "05.1",
    "one draw of eight",
    lambda i, m, rng: (lambda n: turn(i, m, rng, lambda _: n % 4, lambda _: n > 3))(rng.integers(8)),
)

# ---- 05.2
wrong("05.2", "D too, E missed", "darker|strangers", "BCD")
wrong("05.2", "only the blue one", "draws|strangers", "C")
wrong("05.2", "A accused", "together", "ABCE")
wrong("05.2", "all", "darker|together", "ABCDE")
wrong("05.2", "D for B", "darker|draws", ["C", "D", "E"])
wrong("05.2", "F", "no loader F", "BCF")
wrong("05.2", "the outlines only", "colours|red", "BE")
wrong("05.2", "a number", "expected letters", 3)
right("05.2", "text", "BCE")
right("05.2", "small letters", "bce")
right("05.2", "a set", {"B", "C", "E"})
right("05.2", "with commas", "B, C, E")

# ---- 05.3
wrong("05.3", "added", "added up", lambda n, b, d, w, s: n * d / w + n / b * s)
wrong("05.3", "the faster", "faster", lambda n, b, d, w, s: min(n * d / w, n / b * s))
wrong("05.3", "workers forgotten", "workers", lambda n, b, d, w, s: max(n * d, n / b * s))
wrong("05.3", "a step a photo", "every photo", lambda n, b, d, w, s: max(n * d / w, n * s))
wrong("05.3", "decode a batch", "once a batch", lambda n, b, d, w, s: max(n / b * d / w, n / b * s))
wrong("05.3", "only workers", "network's own time", lambda n, b, d, w, s: n * d / w)
wrong("05.3", "only network", "workers' time", lambda n, b, d, w, s: n / b * s)
wrong("05.3", "milliseconds", "milliseconds", lambda n, b, d, w, s: 1000 * max(n * d / w, n / b * s))
wrong("05.3", "workers multiply", "multiplied", lambda n, b, d, w, s: max(n * d * w, n / b * s))
wrong("05.3", "mean", "averaged", lambda n, b, d, w, s: (n * d / w + n / b * s) / 2)
right("05.3", "max", lambda n, b, d, w, s: max(n * d / w, n / b * s))
right("05.3", "batches", lambda n, b, d, w, s: n / b * max(b * d / w, s))
right("05.3", "if", lambda n, b, d, w, s: n * d / w if b * d / w > s else n / b * s)
right("05.3", "an array", lambda n, b, d, w, s: np.maximum(n * d / w, np.ceil(n / b) * s))
