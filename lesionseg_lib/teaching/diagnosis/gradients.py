"""The gradient of soft IoU, derived wrongly."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lesionseg_lib.teaching.diagnosis import loss_causes as why
from lesionseg_lib.teaching.diagnosis.suspects import Suspect, alone, slot, span
from lesionseg_lib.training.losses import get_loss


def gradients(cases: dict[str, tuple[Tensor, Tensor]]) -> Iterator[Suspect]:
    arrays = {
        name: (z.numpy().reshape(-1).astype(float), t.numpy().reshape(-1).astype(float))
        for name, (z, t) in cases.items()
    }

    def compute(
        name: str, sign: Any, chain: Any, di: Any, du: Any, rule: Any, power: Any, s: Any, scale: Any, below: Any
    ) -> Any:
        z, t = arrays[name]
        p = 0.5 * (1 + np.tanh(0.5 * z))
        overlap, union = (p * t).sum() + s[0], below(p, t) + s[1]
        return sign * chain(p) * rule(di(t), du(t), overlap, union) / union**power * scale(len(p))

    steps = {
        "sign": slot(-1.0, (1.0, why.SIGN)),
        "chain": slot(
            lambda p: p * (1 - p), (lambda p: 1.0, why.CHAIN), (lambda p: p, why.CHAIN_PART),
            (lambda p: 1 - p, why.CHAIN_PART), (lambda p: (p * (1 - p)) ** 2, why.CHAIN_PART),
            (lambda p: p * (1 + p), why.CHAIN_PART), (lambda p: p - 1, why.CHAIN_PART),
            (lambda p: p**2 * (1 - p), why.CHAIN_PART),
            (lambda p: p * (p - 1), why.SIGN), (lambda p: 1 - p**2, why.CHAIN_PART),
        ),
        "di": slot(lambda t: t, (lambda t: 1.0, why.DI), (lambda t: 1 - t, why.DI), (lambda t: 0 * t, why.DI),
                   (lambda t: 2 * t, why.FACTOR)),
        "du": slot(lambda t: 1 - t, (lambda t: 1.0, why.DU_ONE), (lambda t: t, why.DU_ONE), (lambda t: -t, why.DU_ONE),
                   (lambda t: 1 + t, why.DU_ONE), (lambda t: t - 1, why.DU_ONE), (lambda t: 0.0, why.DU_ONE),
                   (lambda t: 2 - t, why.DU_ONE)),
        "rule": slot(
            lambda di, du, i, u: di * u - du * i,
            (lambda di, du, i, u: di * u + du * i, why.PLUS),
            (lambda di, du, i, u: di * i - du * u, why.CROSSED),
            (lambda di, du, i, u: du * u - di * i, why.CROSSED),
            (lambda di, du, i, u: di * u, why.HALF_RULE),
            (lambda di, du, i, u: -du * i, why.HALF_RULE),
            (lambda di, du, i, u: di * u**2 / np.where(du == 0, 1, du) if np.all(du) else di * u, why.HALF_RULE),
            (lambda di, du, i, u: di - du, why.HALF_RULE),
            (lambda di, du, i, u: di * u - du, why.HALF_RULE),
            (lambda di, du, i, u: di - du * i, why.HALF_RULE),
        ),
        "power": slot(2, (1, why.NOT_SQUARED), (0, why.NOT_SQUARED), (3, why.POWER_BELOW), (4, why.POWER_BELOW)),
        "s": slot((1.0, 1.0), ((0.0, 0.0), why.NO_CONSTANT), ((1e-6, 1e-6), why.NO_CONSTANT), ((0.0, 1.0),
            why.NO_CONSTANT),
                  ((1.0, 0.0), why.NO_CONSTANT), ((2.0, 2.0), why.NO_CONSTANT), ((0.5, 0.5), why.NO_CONSTANT),
                  ((1.0, 2.0), why.NO_CONSTANT), ((10.0, 10.0), why.NO_CONSTANT), ((1000.0, 1000.0), why.NO_CONSTANT)),
        "scale": slot(lambda n: 1.0, (lambda n: 1 / n, why.PER_PIXEL), (lambda n: 2.0, why.FACTOR),
            (lambda n: 0.5, why.FACTOR)),
        "below": slot(lambda p, t: (p + t - p * t).sum(), (lambda p, t: (p + t).sum(), why.OF_DICE),
                      (lambda p, t: (p + t - 2 * p * t).sum(), why.POWER_BELOW)),
    }  # fmt: skip

    def other(cause: Any, name: str) -> Suspect:
        return alone(cause, lambda label: autograd(name, *cases[label]).numpy().reshape(-1))

    yield other(why.OF_DICE, "dice")
    yield alone(why.OF_BCE, lambda label: probability(arrays[label][0]) - arrays[label][1])
    yield other(why.OF_BCE, "bce")
    yield other(why.OF_TVERSKY, "tversky")
    yield alone(why.SIGN, lambda label: -autograd("dice", *cases[label]).numpy().reshape(-1))
    yield from span(compute, steps)


def probability(z: Any) -> Any:
    return 0.5 * (1 + np.tanh(0.5 * z))


def autograd(name: str, z: Tensor, t: Tensor) -> Tensor:
    z = z.clone().requires_grad_(True)
    (gradient,) = torch.autograd.grad(get_loss(name)(z, t), z)
    return gradient
