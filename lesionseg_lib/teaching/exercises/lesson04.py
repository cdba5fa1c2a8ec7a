"""Exercises of lesson 04: the gradient of soft IoU, Tversky tuned to a recall, and a loss that is cured."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from lesionseg_lib.teaching.demos.loss_recall import recall
from lesionseg_lib.teaching.diagnosis import loss_causes as why
from lesionseg_lib.teaching.diagnosis.engine import Finding, close, explain
from lesionseg_lib.teaching.diagnosis.gradients import autograd, gradients, probability
from lesionseg_lib.teaching.diagnosis.guard import called, guarded
from lesionseg_lib.teaching.diagnosis.losses import soft_dice, tversky
from lesionseg_lib.teaching.diagnosis.observing import narrowed
from lesionseg_lib.teaching.diagnosis.reading import Wrong, ask, demand, number, opened, refuse, several
from lesionseg_lib.teaching.exercises.registry import exercise
from lesionseg_lib.training.losses import get_loss

RECALL = (0.94, 0.96)

_PULL, _ONE, _NOTHING = "04: Where does it pull?", "04: One mask, three mistakes", "04: Nothing there"


def photos() -> list[tuple[Tensor, Tensor]]:
    """Logits and truth, (1, 1, 48, 64): a large lesion drawn too wide, a small one half missed, one inside out."""
    y, x = torch.meshgrid(torch.arange(48.0), torch.arange(64.0), indexing="ij")

    def disc(row: int, column: int, radius: float) -> Tensor:
        return (torch.hypot(y - row, x - column) - radius)[None, None]

    large, small = disc(24, 30, 16), disc(12, 50, 4)
    pairs = [(-disc(24, 30, 19), large), (-disc(14, 52, 4), small), (large, large)]
    return [((z / 2).clamp(-6, 6), (t < 0).float()) for z, t in pairs]


def extremes() -> list[tuple[Tensor, Tensor]]:
    """Three more photos, (1, 1, H, W), of odd sizes: no lesion, all lesion, and a single pixel."""
    z = torch.linspace(-3, 2, 35).reshape(1, 1, 5, 7)
    return [(z, torch.zeros_like(z)), (z, torch.ones_like(z)), (torch.full((1, 1, 1, 1), 0.4), torch.ones(1, 1, 1, 1))]


@exercise(
    "04.1",
    _PULL,
    "Three links: how J changes with I and U, how I and U change with p, how p changes with z.",
    "Compare with autograd on one pixel, then on two. With one pixel of lesion and s = 1, I = p + 1 and U = 2: what "
    "is the derivative?",
)
def gradient_of_iou(gradient: Any) -> None:
    """equal to autograd on three photos.

    ``gradient(z, t)``: of soft IoU with respect to the logits z, both (1, 1, H, W).
    """
    names = [
        "a lesion of 793 pixels, drawn too wide",
        "a lesion of 49 pixels, half missed",
        "a lesion inside out",
        "no lesion",
        "all lesion, 5 x 7",
        "a single pixel",
    ]
    cases = dict(zip(names, [*photos(), *extremes()], strict=True))
    found, right = {}, {}
    for name, (z, t) in cases.items():
        said = opened(ask(gradient, z.clone(), t.clone()))
        array = np.asarray(said, float)
        demand(
            array.shape == tuple(z.shape) or array.shape == tuple(z.shape)[2:],
            f"one number a pixel: expected {tuple(z.shape)}, found {array.shape}.",
        )
        found[name] = array.reshape(-1)
        right[name] = autograd("iou", z, t).numpy().reshape(-1).astype(float)
    off = [name for name in found if not _equal(found[name], right[name])]
    if not off:
        return
    if all(np.abs(values).max() == 0 for values in found.values()):
        refuse("all of it is 0.", Finding(((why.ALL_ZERO,),)))
    finding = explain(found, right, gradients(cases), _equal)
    name = off[0]
    share = float(np.abs(found[name] - right[name]).max() / np.abs(right[name]).max())
    refuse(
        f"{name}: off by {share:.1%} of the largest value.", finding, narrowed(off, [n for n in found if n not in off])
    )


@exercise(
    "04.2",
    _ONE,
    "beta belongs to the mistake that should cost more. Which one lowers recall?",
    "Check the function alone first: with beta = .5 and no constant it is soft Dice. Then raise beta in steps of .05 "
    "and watch the recall.",
)
def misses_cost_more(answer: Any, noisy: Tensor, t: Tensor) -> None:
    """it is Tversky's loss, and the reader finds .94 to .96 of the lesion.

    ``answer``: ``tversky(z, t, beta)`` and a beta; ``noisy``, ``t``: the picture and its truth, (1, 1, H, W).
    """
    if callable(answer):
        raise Wrong("pass a pair: the function and your beta.")
    loss, given = several(answer, ["function", "beta"])
    if callable(given) and not callable(loss):
        loss, given = given, loss
    demand(callable(loss), "pass a pair: the function itself, and your beta.")
    cases: dict[str, tuple[Any, Any, float]] = {}
    values: dict[str, Any] = {}
    right: dict[str, float] = {}
    for beta in (0.7, 0.9, 0.5):
        for name, (z, truth) in zip(("drawn too wide", "half missed", "inside out"), photos(), strict=True):
            label = f"beta = {beta:g}, a lesion {name}"
            cases[label] = (z.numpy().astype(float), truth.numpy().astype(float), beta)
            values[label] = _value(ask(loss, z.clone(), truth.clone(), beta))
            right[label] = _tversky(z, truth, beta)
    off = [label for label in values if not close(values[label], right[label], 1e-3)]
    if off:
        finding = explain(values, right, tversky(cases), lambda a, b: close(a, b, 2e-4), names=called(loss))
        label = off[0]
        shown = f"{float(values[label]):.3f}" if np.ndim(values[label]) == 0 else f"{np.size(values[label])} numbers"
        refuse(
            f"with {label}: the loss is {right[label]:.3f}, not {shown}.",
            finding,
            narrowed(off, [k for k in values if k not in off]),
        )
    _demand_gradient(loss, *photos()[1], 0.7)
    demand(not _blank(given), "which beta? The function is right; put a number beside it.")
    beta = number(given, "beta")
    demand(0 < beta < 1, f"beta = {beta:g}: both weights, beta and 1 - beta, should be positive.")
    reached = guarded(lambda: recall(lambda z, truth: loss(z, truth, beta), noisy, t))
    more = "larger" if reached < RECALL[0] else "smaller"
    demand(RECALL[0] <= reached <= RECALL[1], f"beta = {beta:g} gives a recall of {reached:.3f}; try a {more} one.")


def _blank(value: Any) -> bool:
    return value is None or value is ...


def _tversky(z: Tensor, t: Tensor, beta: float) -> float:
    p = torch.sigmoid(z)
    tp, fp, fn = (float(part.sum()) for part in (p * t, p * (1 - t), (1 - p) * t))
    return 1 - (tp + 1) / (tp + (1 - beta) * fp + beta * fn + 1)


def _value(answer: Any) -> Any:
    """A loss as a number; an array where it was not reduced."""
    value = opened(answer)
    if isinstance(value, np.ndarray) and value.size > 1:
        return value.astype(float).reshape(-1)
    return float(np.asarray(value).reshape(-1)[0]) if isinstance(value, np.ndarray) else _plain(value)


def _plain(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise Wrong(f"the loss should be a number; found {type(value).__name__} {str(value)[:40]!r}.") from None


def _demand_gradient(loss: Any, z: Tensor, t: Tensor, *more: Any) -> None:
    """The value is right; can anything be learnt from it?"""
    leaf = z.clone().requires_grad_(True)
    try:
        value = ask(loss, leaf, t.clone(), *more)
    except RuntimeError:  # numpy() of what requires a gradient
        value = None
    if not isinstance(value, Tensor) or value.grad_fn is None:
        refuse("the value is right, but it carries no gradient.", why.DETACHED)
    (gradient,) = torch.autograd.grad(value.sum(), leaf, allow_unused=True)
    if gradient is None or not bool((gradient != 0).any()):
        refuse("the value is right, but the gradient with respect to the logits is 0.", why.DETACHED)


SICK = "the best of masks, sure and right everywhere. How small can a sigmoid of a sigmoid be?"


@exercise(
    "04.3",
    _NOTHING,
    "Count the sigmoids, the pixels that the constant is worth, and the axes of each sum. Try the loss on the best "
    "of masks.",
    "A batch of two must cost the mean of what its photos cost alone, and a photo with a small lesion must not cost "
    "less for being small.",
)
def sick_loss(loss: Any) -> None:
    """one sigmoid, a constant of 1, a mean over photos: equal to soft Dice, alone and in a batch.

    ``loss(z, t)``: of (N, 1, H, W).
    """
    (large, small, other), dice = photos(), get_loss("dice")
    batch = (torch.cat([large[0], small[0]]), torch.cat([large[1], small[1]]))
    three = tuple(torch.cat(parts) for parts in zip(small, other, large, strict=True))
    none, full, pixel = extremes()
    cases: dict[str, Any] = {
        SICK: (60 * (large[1] - 0.5), large[1]),
        "the small lesion alone. How many of its pixels is the constant worth?": small,
        "both in a batch. Over which axes is summed?": batch,
        "three photos in a batch, the small lesion first.": three,
        "a photo without a lesion, 5 x 7.": none,
        "a photo that is all lesion, 5 x 7.": full,
        "a single pixel.": pixel,
    }
    found, right = {}, {}
    for what, (z, t) in cases.items():
        found[what] = _value(ask(loss, z.clone(), t.clone()))
        right[what] = dice(z, t).item()
    off = [what for what in cases if not close(found[what], right[what], 1e-3)]
    if not off:
        _demand_gradient(loss, *small)
        return
    arrays = {what: (z.numpy().astype(float), t.numpy().astype(float)) for what, (z, t) in cases.items()}
    untouched = all(close(found[what], _sick(*arrays[what]), 1e-4) for what in cases)
    what = off[0]
    shown = f"{float(found[what]):.3f}" if np.ndim(found[what]) == 0 else f"{np.size(found[what])} numbers"
    observed = f"{shown} instead of {right[what]:.3f} for {what}"
    if untouched:
        raise Wrong(observed, ("loss-sigmoid-twice",), _NOTHING)
    finding = explain(found, right, soft_dice(arrays), lambda a, b: close(a, b, 2e-4), names=called(loss))
    if finding:
        observed = observed.partition(". ")[0].rstrip(".") + "."
    refuse(
        observed,
        finding,
        narrowed([w.partition(".")[0] for w in off], [w.partition(".")[0] for w in cases if w not in off]),
    )


def _sick(z: Any, t: Any) -> float:
    p = probability(probability(z))
    return float(1 - (2 * (p * t).sum() + 1000) / (p.sum() + t.sum() + 1000))


def _equal(found: Any, right: Any) -> bool:
    if np.shape(found) != np.shape(right):
        return False
    return bool(np.abs(found - right).max() <= 1e-3 * max(np.abs(right).max(), 1e-9))
