"""Every formula of the explorers against the library's, on random input, to 1e-6."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from playwright.sync_api import Browser
from torch import nn

from lesionseg_lib.data.datasets import resize_image
from lesionseg_lib.evaluation import boundaries, metrics
from lesionseg_lib.evaluation.bootstrap import bootstrap_interval
from lesionseg_lib.models import postprocessing
from lesionseg_lib.models.encoder import MobileNetV2Encoder
from lesionseg_lib.models.preprocessing import default_preprocessing
from lesionseg_lib.models.receptive_field import Field
from lesionseg_lib.results import claims
from lesionseg_lib.training import losses
from lesionseg_lib.training.recipes import Claim
from tools.explorers import EXPLORERS, receptive_field
from tools.scripts import pack

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]
TOLERANCE = 1e-6
Call = Callable[..., Any]


@pytest.fixture(scope="module")
def call(browser: Browser) -> Iterator[Call]:
    """``call("jaccard", counts)`` calls ``lesionseg.formulas.jaccard``; bool arrays become masks, others lists."""
    page = browser.new_page()
    page.set_content("<p>blank</p>")
    for path in [EXPLORERS / "shared.js", *sorted(EXPLORERS.glob("*/explorer.js"))]:
        page.add_script_tag(content=path.read_text(encoding="utf-8"))

    def plain(value: Any) -> Any:
        if isinstance(value, np.ndarray):
            kind = "mask" if value.dtype == bool else "map"
            return {"kind": kind, "values": value.ravel().astype(float).tolist()}
        return value.item() if isinstance(value, np.generic) else value

    def one(name: str, *arguments: Any) -> Any:
        return page.evaluate(
            """([name, given]) => {
                const turn = (v) => v?.kind === "mask" ? Uint8Array.from(v.values)
                    : v?.kind === "map" ? Float64Array.from(v.values) : v;
                const back = (v) => ArrayBuffer.isView(v) ? [...v]
                    : v && typeof v === "object" && !Array.isArray(v)
                    ? Object.fromEntries(Object.entries(v).map(([k, x]) => [k, back(x)])) : v;
                return back(lesionseg.formulas[name](...given.map(turn)));
            }""",
            [name, [plain(argument) for argument in arguments]],
        )

    one.page = page  # type: ignore[attr-defined]
    yield one
    page.close()


def blob(seed: int, size: tuple[int, int] = (37, 52)) -> NDArray[np.bool_]:
    """A random mask of a few patches; seed 0 is empty, seed 1 full."""
    rng = np.random.default_rng(seed)
    if seed < 2:
        return np.full(size, bool(seed))
    y, x = np.indices(size)
    mask = np.zeros(size, dtype=bool)
    for _ in range(rng.integers(1, 5)):
        centre = rng.uniform(0, 1, 2) * size
        mask |= np.hypot(y - centre[0], x - centre[1]) < rng.uniform(1, 14)
    return mask


PAIRS = [(2, 3), (4, 5), (6, 7), (8, 8), (0, 9), (9, 0), (0, 0), (1, 10), (1, 0)]


@pytest.mark.parametrize(("a", "b"), PAIRS)
def test_scores(call: Call, a: int, b: int) -> None:
    prediction, truth = blob(a), blob(b)
    expected = metrics.confusion(prediction, truth)
    counts = call("confusion", prediction, truth)
    assert counts == {kind: getattr(expected, kind)[0] for kind in ("tp", "fp", "fn", "tn")}
    for name in ("jaccard", "dice", "sensitivity", "specificity", "accuracy"):
        assert call(name, counts) == pytest.approx(metrics.METRICS[name](expected)[0], abs=TOLERANCE)


@pytest.mark.parametrize(("a", "b"), PAIRS)
def test_borders(call: Call, a: int, b: int) -> None:
    prediction, truth = blob(a), blob(b)
    h, w = truth.shape
    assert np.array_equal(call("border", truth, h, w), boundaries.border(truth).ravel())
    for name, function in (("hausdorff95", boundaries.hausdorff95), ("boundaryIou", boundaries.boundary_iou)):
        assert call(name, prediction, truth, h, w) == pytest.approx(function(prediction, truth), abs=TOLERANCE)
    for width in (0.02, 0.05, 0.1):
        expected = boundaries.boundary_iou(prediction, truth, width)
        assert call("boundaryIou", prediction, truth, h, w, width) == pytest.approx(expected, abs=TOLERANCE)


@pytest.mark.parametrize("seed", range(8))
def test_signed_distance_and_logits(call: Call, seed: int) -> None:
    mask = blob(seed)
    expected = losses.signed_distance(mask[None])[0].ravel()
    assert np.allclose(call("signedDistance", mask, *mask.shape), expected, atol=TOLERANCE)
    logits = 6 * np.clip(-17 * expected.astype(np.float64), -1, 1)
    assert np.allclose(call("logitsOf", mask, *mask.shape), logits, atol=1e-5)  # a hundred times a float32


@pytest.mark.parametrize("size", [(5, 7, 11, 23), (16, 16, 40, 37), (8, 8, 8, 8), (9, 12, 5, 6)])
def test_enlarging(call: Call, size: tuple[int, int, int, int]) -> None:
    h, w, height, width = size
    small = np.random.default_rng(0).random((h, w)).astype(np.float32)
    expected = postprocessing.enlarge(small, (height, width)).ravel()
    assert np.allclose(call("enlarge", small, *size), expected, atol=TOLERANCE)
    assert np.array_equal(call("binarise", small, 0.5), postprocessing.binarise(small, 0.5).ravel())


def test_counts_at_every_cut(call: Call) -> None:
    rng = np.random.default_rng(1)
    probabilities = np.concatenate([rng.random(400), np.arange(101) / 100, [0, 1]])  # also on the cuts themselves
    truth = rng.random(len(probabilities)) < probabilities
    found = call("countsByCut", probabilities, truth)
    assert len(found) == 101
    for cut, counts in enumerate(found):
        expected = metrics.confusion(postprocessing.binarise(probabilities, cut / 100)[None], truth[None])
        assert counts == {kind: getattr(expected, kind)[0] for kind in ("tp", "fp", "fn", "tn")}, cut


def test_quantiles_and_the_bootstrap(call: Call) -> None:
    values = np.random.default_rng(2).random(23)
    for share in (0, 0.025, 0.3, 0.95, 1):
        assert call("quantile", values, share) == pytest.approx(np.quantile(values, share), abs=TOLERANCE)
    draws = np.random.default_rng(7).integers(0, len(values), size=(50, len(values)))  # those of the library
    found = call.page.evaluate(  # type: ignore[attr-defined]
        """([values, draws]) => {
            let at = 0;
            return lesionseg.formulas.bootstrapInterval(Float64Array.from(values), () => draws[at++], 50);
        }""",
        [values.tolist(), draws.ravel().tolist()],
    )
    assert found == pytest.approx(bootstrap_interval(values, n=50, seed=7), abs=TOLERANCE)


@pytest.mark.parametrize("seed", [3, 5, 11])
@pytest.mark.parametrize("name", ["bce", "focal", "dice", "iou", "tversky", "dice+bce", "boundary"])
def test_losses_and_their_pull(call: Call, name: str, seed: int) -> None:
    truth = blob(seed, (19, 26))
    logits = np.random.default_rng(seed).normal(0, 4, truth.shape)
    z = torch.tensor(logits, dtype=torch.float32)[None, None].requires_grad_()
    value = losses.get_loss(name)(z, torch.tensor(truth)[None, None].float())
    value.backward()
    assert z.grad is not None
    phi = losses.signed_distance(truth[None])[0].astype(np.float64)
    found = call("lossAndPull", name, logits, truth, phi)
    assert found["value"] == pytest.approx(value.item(), abs=TOLERANCE * max(1, value.item()))
    # The pull is shown in multiples of its mean; the library computes in float32.
    expected = -z.grad.numpy().ravel()
    assert np.allclose(np.array(found["pull"]), expected, rtol=1e-4, atol=TOLERANCE * float(np.abs(expected).max()))


@pytest.mark.parametrize(
    ("rule", "optimiser"),
    [
        ("plain", lambda w, rate: torch.optim.SGD(w, lr=rate)),
        ("momentum", lambda w, rate: torch.optim.SGD(w, lr=rate, momentum=0.9)),
        ("rmsprop", lambda w, rate: torch.optim.RMSprop(w, lr=rate)),
        ("adam", lambda w, rate: torch.optim.Adam(w, lr=rate)),
    ],
)
@pytest.mark.parametrize("rate", [0.01, 0.035])
def test_optimisers(call: Call, rule: str, optimiser: Any, rate: float) -> None:
    start = np.random.default_rng(4).uniform(-2, 2, 2)
    weights = torch.tensor(start, requires_grad=True)
    step, path = optimiser([weights], rate), [start]
    for _ in range(60):
        weights.grad = torch.tensor([1.0, 50.0]) * weights.detach()
        step.step()
        path.append(weights.detach().numpy().copy())
    assert np.allclose(call("walk", rule, rate, start.tolist(), 60), path, atol=TOLERANCE)


def test_receptive_fields(call: Call) -> None:
    rng = np.random.default_rng(5)
    for _ in range(6):
        layers = [
            (int(k), int(a), int(s))
            for k, a, s in zip(rng.choice([1, 3, 5], 5), rng.integers(1, 4, 5), rng.integers(1, 3, 5), strict=True)
        ]
        network = nn.Sequential(*(nn.Conv2d(1, 1, k, dilation=a, stride=s) for k, a, s in layers))
        expected = Field().through(network)
        assert call("field", layers) == {"side": expected.side, "distance": expected.distance}


def test_the_levels_of_the_encoder(call: Call) -> None:
    field, expected = Field(), {}
    for layer in MobileNetV2Encoder(None).features:
        field = field.through(layer)
        expected[field.distance] = field.side
    found: dict[str, float] | None = None
    for convolutions in receptive_field(Path())["levels"]:
        found = call("field", convolutions, *([found] if found else []))
        assert found is not None and expected[found["distance"]] == found["side"]
    assert found == {"side": 491, "distance": 32}


@pytest.mark.parametrize("rates", [(1, 1, 1), (2, 2, 2), (1, 2, 3), (3, 1, 2)])
def test_paths_through_layers_with_holes(call: Call, rates: tuple[int, int, int]) -> None:
    ones, size = torch.ones(1, 1, 3, 3), 17
    x = y = torch.zeros(1, 1, size, size, requires_grad=True)
    for rate in rates:
        y = nn.functional.conv2d(y, ones, padding=rate, dilation=rate)
    row, column = 3, 9
    y[0, 0, row, column].backward()
    assert x.grad is not None
    along = [call("paths", list(rates), size, at) for at in (row, column)]
    assert np.array_equal(np.outer(*along), x.grad[0, 0].numpy())


@pytest.mark.parametrize(("size", "rate"), [(8, 1), (8, 3), (8, 12), (33, 18)])
def test_weights_on_the_map(call: Call, size: int, rate: int) -> None:
    nine, ones = torch.ones(1, 1, 3, 3), torch.ones(1, 1, size, size)
    expected = nn.functional.conv2d(ones, nine, padding=rate, dilation=rate).mean().item() / 9
    assert call("onMap", size, rate) == pytest.approx(expected, abs=TOLERANCE)


def test_claims(call: Call) -> None:
    rng = np.random.default_rng(6)
    pairs = [(float(a), float(b)) for a, b in rng.random((200, 2))]
    pairs += [(iou, claims.highest_dice(iou) + off) for iou, _ in pairs[:20] for off in (0, 4e-4, 6e-4)]
    pairs += [(iou, iou + off) for iou, _ in pairs[:20] for off in (0, -4e-4, -6e-4)]
    said = []
    for iou, dice in pairs:
        claim = Claim(iou, dice)
        said.append(claims.is_possible(claim))
        assert call("isPossible", iou, dice) == said[-1]
        assert call("highestDice", iou) == pytest.approx(claims.highest_dice(iou), abs=TOLERANCE)
    assert {True, False} == set(said)
    readings = {"a": {"jaccard": 0.8, "dice": 0.9}, "b": {"jaccard": 0.7, "dice": 0.75}}
    found = call("distances", 0.72, 0.8, {name: list(pair.values()) for name, pair in readings.items()})
    expected = {near.reading: near.distance for near in claims.distances(Claim(0.72, 0.8), readings)}
    assert found == pytest.approx(expected, abs=TOLERANCE)


def test_the_smallest_difference_by_hand(call: Call) -> None:
    # .08^2 / 400 = 1.6e-5; 2 * .005^2 / 2 = 2.5e-5; 1.96 * sqrt(4.1e-5) = .0125502
    assert call("smallestDifference", 0.08, 0.005, 400, 2) == pytest.approx(0.0125502, abs=TOLERANCE)
    assert call("smallestDifference", 0.08, 0, 400, 1, 1) == pytest.approx(0.004, abs=TOLERANCE)


def test_what_python_packs_the_page_unpacks(call: Call) -> None:
    rng = np.random.default_rng(8)
    numbers, mask = rng.integers(0, 256, 1000).astype(np.uint8), rng.random(1003) < 0.5
    unpack = """([text, n]) => lesionseg.parts.unpack(text)
        .then((bytes) => [...(n ? lesionseg.parts.bits(bytes, n) : bytes)])"""
    page = call.page  # type: ignore[attr-defined]
    assert page.evaluate(unpack, [pack(numbers), 0]) == numbers.tolist()
    assert page.evaluate(unpack, [pack(mask), mask.size]) == mask.astype(int).tolist()


@pytest.mark.parametrize(
    ("shape", "size"),
    [((192, 256), (128, 128)), ((301, 199), (128, 128)), ((383, 511), (128, 128)), ((90, 70), (128, 128))],
)
def test_a_photo_is_resized_as_by_opencv(call: Call, shape: tuple[int, int], size: tuple[int, int]) -> None:
    image = np.random.default_rng(sum(shape)).integers(0, 256, (*shape, 3), dtype=np.uint8)
    opaque = np.dstack([image, np.full(shape, 255, np.uint8)])
    ours = np.array(call("resizeImage", opaque, *shape, *size)).reshape(*size, 3)
    theirs = resize_image(image, size).astype(int)
    assert np.abs(ours - theirs).max() <= (0 if shape[0] > size[0] else 1)


def test_colours_are_swapped_and_normalisation_undone(call: Call) -> None:
    rgb = np.arange(0, 255, 5, dtype=np.uint8)
    swapped = np.array(call("swapped", rgb)).reshape(-1, 3)
    assert np.array_equal(swapped, rgb.reshape(-1, 3)[:, ::-1])
    got = np.array(call("unnormalised", rgb)).reshape(-1, 3) / 255
    imagenet = default_preprocessing()
    seen = (got - imagenet.mean) / imagenet.std  # what the network computes of it
    step = 0.5 / 255 / min(imagenet.std)  # the bytes are rounded
    assert np.abs(seen - rgb.reshape(-1, 3) / 255).max() <= step + 1e-9
