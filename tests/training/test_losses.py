"""The losses: tables worked out by hand, parity with MONAI, half precision, gradients."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from lesionseg_lib.errors import ShapeError, UnknownNameError
from lesionseg_lib.training.losses import LOSSES, get_loss, signed_distance

BIG = 30.0  # sigmoid(30) is 1 in float32, sigmoid(-30) is 1e-13
LN3 = math.log(3)  # sigmoid(ln 3) = 3/4
NAMES = tuple(LOSSES)


def logits_of(*values: float) -> Tensor:
    """One image of 2 x 2 pixels, (1, 1, 2, 2)."""
    return torch.tensor(values).reshape(1, 1, 2, 2)


def random_pair(n: int = 3, side: int = 8, seed: int = 0) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(n, 1, side, side, generator=generator)
    target = (torch.rand(n, 1, side, side, generator=generator) < torch.rand(n, 1, 1, 1, generator=generator)).float()
    return logits, target


# p: probabilities; I = sum(p t), S = sum(p) + sum(t); Dice = 1 - (2I + 1)/(S + 1), IoU = 1 - (I + 1)/(S - I + 1)
TABLE = [
    # logits, target, dice, iou
    ((BIG, -BIG, BIG, -BIG), (1, 0, 1, 0), 0.0, 0.0),  # p = t: I = 2, S = 4
    ((BIG, -BIG, BIG, -BIG), (0, 1, 0, 1), 4 / 5, 4 / 5),  # I = 0, S = 4
    ((BIG, BIG, -BIG, -BIG), (1, 0, 1, 0), 2 / 5, 1 / 2),  # I = 1, S = 4: 1 - 3/5, 1 - 2/4
    ((0, 0, 0, 0), (1, 1, 0, 0), 2 / 5, 1 / 2),  # p = 1/2: I = 1, S = 4
    ((LN3, LN3, LN3, LN3), (1, 0, 1, 0), 1 / 3, 4 / 9),  # p = 3/4: I = 3/2, S = 5: 1 - 4/6, 1 - 2.5/4.5
    ((-BIG, -BIG, -BIG, -BIG), (0, 0, 0, 0), 0.0, 0.0),  # both empty: 1 - 1/1
    ((BIG, BIG, BIG, BIG), (0, 0, 0, 0), 4 / 5, 4 / 5),  # nothing there, all predicted: 1 - 1/5
    ((-BIG, -BIG, -BIG, -BIG), (1, 1, 1, 1), 4 / 5, 4 / 5),  # all there, nothing predicted
]


@pytest.mark.parametrize(("values", "truth", "dice", "iou"), TABLE)
@pytest.mark.parametrize("per_image", [True, False])
def test_overlap_losses_are_as_worked_out_by_hand(
    values: tuple[float, ...], truth: tuple[float, ...], dice: float, iou: float, per_image: bool
) -> None:
    logits, target = logits_of(*values), logits_of(*truth)
    assert get_loss("dice", per_image)(logits, target).item() == pytest.approx(dice, abs=1e-6)
    assert get_loss("iou", per_image)(logits, target).item() == pytest.approx(iou, abs=1e-6)


@pytest.mark.parametrize("name", ["bce", "bce-probabilities"])
@pytest.mark.parametrize(
    ("values", "truth", "expected"),
    [
        ((0, 0, 0, 0), (1, 1, 0, 0), math.log(2)),
        ((LN3, LN3, LN3, LN3), (1, 0, 1, 0), (-math.log(0.75) - math.log(0.25)) / 2),
        ((LN3, -LN3, LN3, -LN3), (1, 0, 1, 0), -math.log(0.75)),
        ((10, -10, -10, -10), (0, 0, 0, 0), (10 + 4 * math.log1p(math.exp(-10))) / 4),
    ],
)
def test_cross_entropy_is_as_worked_out_by_hand(
    name: str, values: tuple[float, ...], truth: tuple[float, ...], expected: float
) -> None:
    found = get_loss(name)(logits_of(*values), logits_of(*truth)).item()
    assert found == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("confidence", [0.0, LN3])
def test_focal_is_cross_entropy_less_what_is_already_right(confidence: float) -> None:
    q = torch.sigmoid(torch.tensor(confidence)).item()  # given to the truth by two pixels, 1 - q by the other two
    expected = ((1 - q) ** 2 * -math.log(q) + q**2 * -math.log(1 - q)) / 2
    found = get_loss("focal")(logits_of(confidence, confidence, confidence, confidence), logits_of(1, 0, 1, 0)).item()
    assert found == pytest.approx(expected, rel=1e-5)


def test_tversky_charges_more_for_a_missed_pixel_than_for_an_added_one() -> None:
    loss = get_loss("tversky")
    missed = loss(logits_of(BIG, -BIG, -BIG, -BIG), logits_of(1, 1, 0, 0)).item()  # tp 1, fn 1
    added = loss(logits_of(BIG, BIG, -BIG, -BIG), logits_of(1, 0, 0, 0)).item()  # tp 1, fp 1
    assert missed == pytest.approx(1 - 2 / 2.7, abs=1e-6)
    assert added == pytest.approx(1 - 2 / 2.3, abs=1e-6)


@pytest.mark.parametrize("per_image", [True, False])
def test_focal_and_tversky_equal_monais(per_image: bool) -> None:
    monai = pytest.importorskip("monai.losses", reason="MONAI is not installed")
    logits, target = random_pair()
    focal = monai.FocalLoss(gamma=2.0, use_softmax=False)
    tversky = monai.TverskyLoss(sigmoid=True, alpha=0.3, beta=0.7, smooth_nr=1, smooth_dr=1, batch=not per_image)
    assert get_loss("focal")(logits, target).item() == pytest.approx(focal(logits, target).item(), rel=1e-5)
    assert get_loss("tversky", per_image)(logits, target).item() == pytest.approx(
        tversky(logits, target).item(), abs=1e-6
    )


def test_the_signed_distance_is_measured_from_the_border_in_longer_sides() -> None:
    mask = np.zeros((1, 3, 8), dtype=bool)
    mask[:, :, 5:] = True
    expected = np.array([-4.5, -3.5, -2.5, -1.5, -0.5, 0.5, 1.5, 2.5]) / -8
    assert np.allclose(signed_distance(mask), np.tile(expected, (1, 3, 1)))
    assert (signed_distance(np.zeros((1, 2, 2), bool)) == 1).all() and (
        signed_distance(np.ones((1, 2, 2), bool)) == -1
    ).all()


def test_boundary_charges_a_wrong_pixel_its_distance() -> None:
    target = torch.zeros(1, 1, 1, 8)
    target[..., 4:] = 1
    right = torch.where(target == 1, BIG, -BIG)
    assert get_loss("boundary")(right, target).item() == pytest.approx(0, abs=1e-6)
    for column, distance in ((0, 3.5), (3, 0.5), (4, 0.5), (7, 3.5)):
        wrong = right.clone()
        wrong[..., column] *= -1
        assert get_loss("boundary")(wrong, target).item() == pytest.approx(distance / 8 / 8, abs=1e-6)


def test_dice_plus_boundary_is_the_sum_of_both() -> None:
    logits, target = random_pair()
    for per_image in (True, False):
        parts = get_loss("dice", per_image)(logits, target) + get_loss("boundary")(logits, target)
        assert torch.equal(get_loss("dice+boundary", per_image)(logits, target), parts)


def test_dice_plus_bce_is_the_sum_of_both() -> None:
    found = get_loss("dice+bce")(logits_of(0, 0, 0, 0), logits_of(1, 1, 0, 0)).item()
    assert found == pytest.approx(2 / 5 + math.log(2))


def test_per_image_counts_a_small_lesion_as_much_as_a_large_one() -> None:
    # Image 1: all four pixels found, loss 0. Image 2: one pixel of lesion, missed: 1 - 1/2 by both losses.
    logits = torch.cat([logits_of(BIG, BIG, BIG, BIG), logits_of(-BIG, -BIG, -BIG, -BIG)])
    target = torch.cat([logits_of(1, 1, 1, 1), logits_of(1, 0, 0, 0)])
    for name, pooled in (("dice", 1 / 10), ("iou", 1 / 6)):  # pooled: I = 4, S = 9: 1 - 9/10, 1 - 5/6
        assert get_loss(name, per_image=True)(logits, target).item() == pytest.approx(1 / 4, abs=1e-6)
        assert get_loss(name, per_image=False)(logits, target).item() == pytest.approx(pooled, abs=1e-6)


def test_per_image_changes_nothing_for_cross_entropy() -> None:
    logits, target = random_pair()
    for name in ("bce", "bce-probabilities"):
        assert torch.equal(get_loss(name, True)(logits, target), get_loss(name, False)(logits, target))


def test_dice_plus_bce_hands_per_image_on_to_dice() -> None:
    logits, target = random_pair()
    for per_image in (True, False):
        parts = get_loss("dice", per_image)(logits, target) + get_loss("bce")(logits, target)
        assert torch.equal(get_loss("dice+bce", per_image)(logits, target), parts)
    assert get_loss("dice", True)(logits, target) != get_loss("dice", False)(logits, target)


@pytest.mark.parametrize("per_image", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_overlap_losses_equal_monais(per_image: bool, seed: int) -> None:
    monai = pytest.importorskip("monai.losses", reason="MONAI is not installed")
    logits, target = random_pair(seed=seed)
    if seed == 2:
        target[0] = 0  # an empty mask among them
    dice = monai.DiceLoss(sigmoid=True, smooth_nr=1, smooth_dr=1, batch=not per_image)
    # MONAI's Jaccard is 1 - (2 I + nr) / (2 (S - I) + dr): twice our numerator and denominator.
    iou = monai.DiceLoss(sigmoid=True, jaccard=True, smooth_nr=2, smooth_dr=2, batch=not per_image)
    assert get_loss("dice", per_image)(logits, target).item() == pytest.approx(dice(logits, target).item(), abs=1e-6)
    assert get_loss("iou", per_image)(logits, target).item() == pytest.approx(iou(logits, target).item(), abs=1e-6)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_does_not_overflow(name: str, dtype: torch.dtype) -> None:
    ones = torch.ones(2, 1, 256, 256, dtype=dtype)
    if dtype == torch.float16:
        assert ones[0].sum().isinf()  # 65,536 > 65,504: what a sum in float16 would give
    for per_image in (True, False):
        loss = get_loss(name, per_image)(ones * 20, ones)
        assert loss.dtype == torch.float32
        assert loss.item() == pytest.approx(0, abs=1e-4)
    half = (torch.rand(2, 1, 256, 256, generator=torch.Generator().manual_seed(0)) < 0.5).to(dtype)
    expected = get_loss(name)(ones.float(), half.float()).item()
    assert get_loss(name)(ones, half).item() == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("per_image", [True, False])
def test_every_gradient_points_towards_the_truth(name: str, per_image: bool) -> None:
    logits, target = random_pair(seed=1)
    logits.requires_grad_(True)
    get_loss(name, per_image)(logits, target).backward()
    assert logits.grad is not None
    inside, outside = logits.grad[target == 1], logits.grad[target == 0]
    assert inside.numel() and outside.numel()
    assert (inside < 0).all()  # a step against the gradient raises the logit in the lesion ...
    assert (outside > 0).all()  # ... and lowers it outside


@pytest.mark.parametrize("name", NAMES)
def test_the_gradient_is_that_of_finite_differences(name: str) -> None:
    logits, target = random_pair(n=2, side=4, seed=2)
    direction = torch.randn(logits.shape, generator=torch.Generator().manual_seed(3))
    logits.requires_grad_(True)
    loss = get_loss(name)
    (gradient,) = torch.autograd.grad(loss(logits, target), logits)
    step = 0.05
    with torch.no_grad():
        difference = loss(logits + step * direction, target) - loss(logits - step * direction, target)
    assert (gradient * direction).sum().item() == pytest.approx(difference.item() / (2 * step), rel=0.02)


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_truth_has_a_finite_loss_and_gradient(name: str) -> None:
    logits = torch.zeros(2, 1, 4, 4, requires_grad=True)
    loss = get_loss(name)(logits, torch.zeros(2, 1, 4, 4))
    loss.backward()
    assert logits.grad is not None
    assert loss.isfinite()
    assert (logits.grad > 0).all()


@pytest.mark.parametrize("confident", [-200.0, 200.0])
@pytest.mark.parametrize("name", NAMES)
def test_extreme_logits_give_finite_losses_and_gradients(name: str, confident: float) -> None:
    logits = torch.full((1, 1, 2, 2), confident, requires_grad=True)
    loss = get_loss(name)(logits, logits_of(1, 0, 1, 0))
    loss.backward()
    assert logits.grad is not None
    assert loss.isfinite() and logits.grad.isfinite().all()


def test_a_saturated_sigmoid_has_no_gradient_but_logits_have() -> None:
    """What the docstring of ``bce_probabilities`` says: the reason to prefer the loss on logits."""

    def gradient(name: str) -> float:
        logits = torch.full((1, 1, 2, 2), 120.0, requires_grad=True)
        get_loss(name)(logits, torch.zeros(1, 1, 2, 2)).backward()
        assert logits.grad is not None
        return float(logits.grad.sum())

    assert gradient("bce") == pytest.approx(1)
    assert gradient("bce-probabilities") == 0


@pytest.mark.parametrize(
    ("logits", "target"),
    [
        ((2, 1, 4, 4), (2, 4, 4)),  # a target without channel would be broadcast to (2, 2, 4, 4)
        ((2, 1, 4, 4), (1, 1, 4, 4)),
        ((2, 4, 4), (2, 4, 4)),
        ((2, 2, 4, 4), (2, 2, 4, 4)),
        ((2, 1, 4, 4), (2, 1, 8, 8)),
    ],
)
@pytest.mark.parametrize("name", NAMES)
def test_shapes_that_would_be_broadcast_are_refused(
    name: str, logits: tuple[int, ...], target: tuple[int, ...]
) -> None:
    with pytest.raises(ShapeError, match=r"Expected the same \(N, 1, H, W\)") as caught:
        get_loss(name)(torch.zeros(logits), torch.zeros(target))
    assert str(logits) in str(caught.value) and str(target) in str(caught.value)


def test_every_loss_has_a_name_and_an_unknown_one_a_suggestion() -> None:
    table: dict[str, Callable[..., Tensor]] = LOSSES
    assert set(table) == set(NAMES)
    with pytest.raises(UnknownNameError, match="no loss named 'dise'. Did you mean 'dice'"):
        get_loss("dise")


# ---- what is refused, what can be set


@pytest.mark.parametrize("name", NAMES)
def test_a_target_of_bytes_is_refused(name: str) -> None:
    logits = torch.zeros(1, 1, 2, 2)
    with pytest.raises(ShapeError, match="target: values from 0 to 255. Expected 0 to 1"):
        get_loss(name)(logits, torch.tensor([[[[0, 255], [0, 0]]]], dtype=torch.uint8))
    with pytest.raises(ShapeError, match="target of shape .* holds NaN"):
        get_loss(name)(logits, torch.full((1, 1, 2, 2), float("nan")))
    with pytest.raises(ShapeError, match="logits is bool"):
        get_loss(name)(logits > 0, logits)


def test_options_are_as_worked_out_by_hand() -> None:
    """p = 1/2 everywhere, two of four pixels are lesion: sum p t = 1, sum p = 2, sum t = 2."""
    logits, target = torch.zeros(1, 1, 2, 2), logits_of(1, 1, 0, 0)
    assert get_loss("dice", smooth=0)(logits, target).item() == pytest.approx(1 - 2 / 4)
    assert get_loss("iou", smooth=0)(logits, target).item() == pytest.approx(1 - 1 / 3)
    assert get_loss("focal", focus=0)(logits, target).item() == pytest.approx(get_loss("bce")(logits, target).item())
    assert get_loss("focal", focus=1)(logits, target).item() == pytest.approx(0.5 * np.log(2))
    weighted = get_loss("tversky", false_positives=0.2, false_negatives=0.6, smooth=0)  # tp = fp = fn = 1
    assert weighted(logits, target).item() == pytest.approx(1 - 1 / 1.8)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_signed_distances_of_what_is_not_bool_are_refused(dtype: type) -> None:
    with pytest.raises(ShapeError, match=f"masks is {np.dtype(dtype)}, expected bool"):
        signed_distance(np.eye(4, dtype=dtype)[None])
