"""Exercises of lesson 04: the gradient of soft IoU, Tversky tuned to a recall, and a loss that is cured."""

from typing import Any

import torch
from torch import Tensor

from lesionseg_lib.teaching.demos.loss_recall import recall
from lesionseg_lib.teaching.exercises.answers import Wrong, ask, demand, number
from lesionseg_lib.training.losses import get_loss

RECALL = (0.94, 0.96)


def photos() -> list[tuple[Tensor, Tensor]]:
    """Logits and truth, (1, 1, 48, 64): a large lesion drawn too wide, a small one half missed, one inside out."""
    y, x = torch.meshgrid(torch.arange(48.0), torch.arange(64.0), indexing="ij")

    def disc(row: int, column: int, radius: float) -> Tensor:
        return (torch.hypot(y - row, x - column) - radius)[None, None]

    large, small = disc(24, 30, 16), disc(12, 50, 4)
    pairs = [(-disc(24, 30, 19), large), (-disc(14, 52, 4), small), (large, large)]
    return [((z / 2).clamp(-6, 6), (t < 0).float()) for z, t in pairs]


def gradient_of_iou(gradient: Any) -> None:
    """equal to autograd on three photos.

    ``gradient(z, t)``: of soft IoU with respect to the logits z, both (1, 1, H, W).
    """
    for z, t in photos():
        found = torch.as_tensor(ask(gradient, z.clone(), t.clone()))
        demand(found.shape == z.shape, f"one number a pixel: expected {tuple(z.shape)}, found {tuple(found.shape)}.")
        right, of_dice = _autograd("iou", z, t), _autograd("dice", z, t)
        if _equal(found, right):
            continue
        demand(found.abs().max() > 0, "all zeros; put your derivation in.")
        demand(not _equal(found, -right), "the sign: the loss is 1 - J, so its gradient is minus that of J.")
        demand(
            not _equal(found, of_dice), "this is the gradient of soft Dice. Its denominator counts the overlap twice."
        )
        p = torch.sigmoid(z)
        demand(not _equal(found * p * (1 - p), right), "the last link of the chain is missing: dp / dz = p (1 - p).")
        off = float((found - right).abs().max() / right.abs().max())
        raise Wrong(
            f"off by {off:.1%} of the largest value on a lesion of {int(t.sum())} pixels. Is s = 1 in both sums, and "
            "the quotient's rule complete?"
        )


def misses_cost_more(answer: Any, noisy: Tensor, t: Tensor) -> None:
    """it is Tversky's loss, and the reader finds .94 to .96 of the lesion.

    ``answer``: ``tversky(z, t, beta)`` and a beta; ``noisy``, ``t``: the picture and its truth, (1, 1, H, W).
    """
    demand(isinstance(answer, tuple | list) and len(answer) == 2, "pass a pair: the function and your beta.")
    loss, beta = answer[0], number(answer[1], "beta")
    for z, truth in photos():
        found = number(ask(loss, z, truth, 0.7), "the loss")
        right = get_loss("tversky")(z, truth).item()
        if abs(found - right) > 1e-3:
            swapped = number(loss(z, truth, 0.3), "the loss")
            demand(abs(swapped - right) > 1e-3, "beta weighs the false negatives, 1 - beta the false positives.")
            raise Wrong(
                f"with beta = .7 the loss of a lesion of {int(truth.sum())} pixels is {right:.3f}, not {found:.3f}."
            )
    demand(0 < beta < 1, f"beta = {beta:g}: both weights, beta and 1 - beta, should be positive.")
    reached = recall(lambda z, truth: loss(z, truth, beta), noisy, t)
    more = "larger" if reached < RECALL[0] else "smaller"
    demand(RECALL[0] <= reached <= RECALL[1], f"beta = {beta:g} gives a recall of {reached:.3f}; try a {more} one.")


def sick_loss(loss: Any) -> None:
    """one sigmoid, a constant of 1, a mean over photos: equal to soft Dice, alone and in a batch.

    ``loss(z, t)``: of (N, 1, H, W).
    """
    (large, small, _), dice = photos(), get_loss("dice")
    batch = (torch.cat([large[0], small[0]]), torch.cat([large[1], small[1]]))
    best = (60 * (large[1] - 0.5), large[1])
    cases = {
        "the best of masks, sure and right everywhere. How small can a sigmoid of a sigmoid be?": best,
        "the small lesion alone. How many of its pixels is the constant worth?": small,
        "both in a batch. Over which axes is summed?": batch,
    }
    for what, (z, t) in cases.items():
        found, right = number(ask(loss, z, t), "the loss"), dice(z, t).item()
        demand(abs(found - right) < 1e-3, f"{found:.3f} instead of {right:.3f} for {what}")


def _autograd(name: str, z: Tensor, t: Tensor) -> Tensor:
    z = z.clone().requires_grad_(True)
    (gradient,) = torch.autograd.grad(get_loss(name)(z, t), z)
    return gradient


def _equal(found: Tensor, right: Tensor) -> bool:
    return bool((found - right).abs().max() <= 1e-3 * right.abs().max())
