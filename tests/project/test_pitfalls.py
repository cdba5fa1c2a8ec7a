"""Mistakes this field makes, and the tests that keep the library free of them.

Scoring
    soft IoU reported as IoU; empty masks unhandled     test_metrics: not bool is refused, the table's empty rows
    best epoch chosen on the test set                   test_experiment: training never sees the test set
    sums over the wrong axes                            here; test_losses: per image and pooled by hand
    only the last batch scored                          here
    evaluation in train mode                            here; test_segmenter: mode, statistics
    logits cut at .5, sigmoid twice                     here; test_evaluation: threshold; test_decoders: are logits
    pooled scores reported as per-image means           test_metrics: the two differ by hand
    background averaged, agreement on skin as "Dice"    here; test_readings
    several thresholds averaged into one "IoU"          here
    hard masks enlarged                                 test_evaluation: enlarged before they are thresholded
    a self-made, small test split                       test_profiles: the test set stays whole
    conventions for empty masks                         test_metrics: the organisers' scorer, MONAI
    impossible pairs of IoU and Dice                    test_metrics: Jensen; test_recipes: claims
Training
    frozen encoder with moving statistics               test_encoder; test_training: bit for bit
    optimiser bound to another model                    test_training: every trainable parameter of this model once
    decoder shared between experiments                  test_training: two fresh segmenters share nothing
    skips wired backwards                               test_decoders: each skip at its own stride
    no non-linearity between transposed convolutions    here; test_decoders: lists of layers
    loss of thresholded predictions                     test_losses: every gradient points towards the truth
    float16 sums overflow                               test_losses; test_metrics: int64 counts
    large smoothing hides small lesions                 here
Data
    image and mask drawn differently                    test_transforms: the same draw
    masks resized bilinearly, or by a misplaced flag    here; test_transforms; datasets/test_images
    no normalisation in front of a frozen encoder       here
    pairs by sorted listings                            datasets/test_folder
    0/255 taken as 0/1                                  test_training: zeros and ones; test_metrics: not bool is refused
    duplicates across the split                         datasets/test_isic; test_profiles: disjoint
    everything decoded again in every epoch             here
    no hashes, seeds, messages; paths of one machine    here; test_encoder: hash; datasets/test_download
Notebooks
    hard pins, saved widgets                            here, as far as the library goes; the rest with the notebooks
"""

# ruff: noqa: F401, F811 (fixtures are imported by name)
from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from accelerate import Accelerator
from torch import Tensor, nn

import lesionseg_lib
from lesionseg_lib.data.cache import CachedDataset
from lesionseg_lib.errors import ShapeError
from lesionseg_lib.evaluation.metrics import METRICS, accuracy, confusion, dice, jaccard
from lesionseg_lib.models.decoders import build_decoder
from lesionseg_lib.models.encoder import MobileNetV2Encoder
from lesionseg_lib.models.segmenter import Segmenter
from lesionseg_lib.training import loop
from lesionseg_lib.training.checkpoints import Epoch
from lesionseg_lib.training.losses import SMOOTH, get_loss
from tests.helpers.tiny import accelerator, discs, tiny_decoder, tiny_recipe

ROOT = Path(lesionseg_lib.__file__).parent
SOURCES = {str(path.relative_to(ROOT)): ast.parse(path.read_text(encoding="utf-8")) for path in ROOT.rglob("*.py")}


def nodes(kind: type | tuple[type, ...]) -> Iterator[tuple[str, Any]]:
    return ((name, node) for name, tree in SOURCES.items() for node in ast.walk(tree) if isinstance(node, kind))


# ---- scoring


def test_a_score_is_one_of_images_not_of_columns() -> None:
    """``.sum((1, 2))`` on N x 1 x H x W sums over channel and rows: an IoU for each column."""
    prediction, truth = np.zeros((2, 3, 4), bool), np.zeros((2, 3, 4), bool)
    truth[0], prediction[0, :, :2] = True, True
    assert jaccard(confusion(prediction, truth)).tolist() == [1 / 2, 1]
    with pytest.raises(ShapeError):
        confusion(prediction[:, None], truth[:, None])


@pytest.mark.usefixtures("tiny_decoder")
def test_the_loss_of_an_epoch_is_the_mean_over_all_its_images(
    tmp_path: Path,
    accelerator: Accelerator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Not that of the last batch, and not the mean over batches of different sizes."""

    def get(name: str) -> Any:
        def loss(logits: Tensor, target: Tensor) -> Tensor:
            return 0 * logits.mean() + {4: 1.0, 2: 4.0}[len(logits)]

        return loss

    monkeypatch.setattr(loop, "get_loss", get)
    history = train_tiny(tmp_path, accelerator, discs(6), discs(4, seed=1))
    assert history[0].train_loss == pytest.approx((4 * 1 + 2 * 4) / 6)


@pytest.mark.usefixtures("tiny_decoder")
def test_validation_scores_every_image_in_evaluation_mode(
    tmp_path: Path,
    accelerator: Accelerator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    modes: list[tuple[bool, int]] = []
    real = Segmenter.forward

    def forward(self: Segmenter, inputs: Any) -> Tensor:
        modes.append((any(module.training for module in self.modules()), len(inputs)))
        return real(self, inputs)

    monkeypatch.setattr(Segmenter, "forward", forward)
    train_tiny(tmp_path, accelerator, discs(4), discs(35, seed=1))
    assert modes == [(True, 4), (False, 32), (False, 3)]  # one batch of training, two of validation


def test_predicting_only_skin_is_accurate_and_scores_nothing() -> None:
    truth = np.zeros((1, 20, 20), bool)
    truth[0, :2, :10] = True
    counts = confusion(np.zeros_like(truth), truth)
    assert accuracy(counts)[0] == 0.95
    assert dice(counts)[0] == jaccard(counts)[0] == 0


def test_jaccard_comes_from_one_threshold() -> None:
    """One confusion matrix gives one value; the only other threshold in the metrics is the challenge's .65 of J."""
    assert [name for name in METRICS if "threshold" in name] == ["threshold_jaccard"]
    counts = confusion(np.ones((1, 2, 2), bool), np.array([[[True, False], [False, False]]]))
    assert METRICS["jaccard"](counts).tolist() == [1 / 4]


def test_losses_take_logits_once_through_the_sigmoid() -> None:
    p, target = torch.tensor(0.8), torch.ones(1, 1, 1, 1)
    logits = torch.logit(p).reshape(1, 1, 1, 1)
    assert get_loss("bce")(logits, target).item() == pytest.approx(-np.log(0.8))
    assert get_loss("bce-probabilities")(logits, target).item() == pytest.approx(-np.log(0.8))
    # (2 p + 1) / (p + 1 + 1)
    assert get_loss("dice")(logits, target).item() == pytest.approx(1 - 2.6 / 2.8)


# ---- training


@pytest.mark.parametrize("name", ["transposed", "conv5"])
def test_no_two_convolutions_follow_each_other_without_a_non_linearity(name: str) -> None:
    decoder = build_decoder(name, MobileNetV2Encoder.channels, MobileNetV2Encoder.strides)
    linear = [isinstance(m, nn.Conv2d | nn.ConvTranspose2d) for m in decoder.modules() if not list(m.children())]
    assert not any(one and other for one, other in pairwise(linear))


@pytest.mark.parametrize("name", ["dice", "iou"])
def test_a_missed_lesion_of_twenty_pixels_costs_almost_the_whole_loss(name: str) -> None:
    target = torch.zeros(1, 1, 128, 128)
    target[0, 0, :4, :5] = 1
    loss = get_loss(name)(torch.full_like(target, -30.0), target).item()
    assert SMOOTH == 1 and loss == pytest.approx(20 / 21)


# ---- data


def test_every_resize_names_its_interpolation() -> None:
    """``cv2.resize(m, size, cv2.INTER_NEAREST)`` passes the flag as ``dst``: it is not nearest."""
    calls = [
        (name, node)
        for name, node in nodes(ast.Call)
        if ast.unparse(node.func) == "cv2.resize" and name != "teaching/clinic/patients.py"  # wrong on purpose
    ]
    assert calls
    for name, call in calls:
        assert len(call.args) == 2 and "interpolation" in {word.arg for word in call.keywords}, (name, call.lineno)


@pytest.mark.parametrize("recipe", ["transposed-frozen", "transposed-finetuned"])
@pytest.mark.usefixtures("tiny_decoder")
def test_images_reach_the_encoder_normalised(
    tmp_path: Path,
    accelerator: Accelerator,
    monkeypatch: pytest.MonkeyPatch,
    recipe: str,
) -> None:
    seen: list[Tensor] = []
    real = MobileNetV2Encoder.forward

    def forward(self: MobileNetV2Encoder, x: Tensor) -> list[Tensor]:
        seen.append(x.detach().clone())
        return real(self, x)

    monkeypatch.setattr(MobileNetV2Encoder, "forward", forward)
    white = np.full((4, 32, 32, 3), 255, np.uint8)
    data = CachedDataset(("a", "b", "c", "d"), white, discs(4).masks, "white", (32, 32), Path("nowhere"))
    train_tiny(tmp_path, accelerator, data, data, recipe)
    expected = torch.tensor([(1 - 0.485) / 0.229, (1 - 0.456) / 0.224, (1 - 0.406) / 0.225])
    assert len(seen) == 2  # training (or the pyramids), validation
    for x in seen:
        torch.testing.assert_close(x.mean((0, 2, 3)), expected)


@pytest.mark.usefixtures("tiny_decoder")
def test_training_needs_the_decoded_arrays_and_no_file(tmp_path: Path, accelerator: Accelerator) -> None:
    data = discs(4)
    assert not data.path.exists()
    assert len(train_tiny(tmp_path, accelerator, data, data)) == 1


def test_no_error_is_swallowed() -> None:
    handlers = list(nodes(ast.ExceptHandler))
    assert handlers
    for name, handler in handlers:
        assert handler.type is not None, f"{name}, line {handler.lineno}: a bare except"
        assert not all(isinstance(line, ast.Pass) for line in handler.body), f"{name}, line {handler.lineno}: pass"


def test_no_path_of_one_machine_is_written_down() -> None:
    for name, node in nodes(ast.Constant):
        if isinstance(node.value, str):
            found = re.search(r"(?<![\w.:/])/(content|home|root|Users|mnt|tmp|work|drive)\b", node.value)
            assert not found, f"{name}, line {node.lineno}: {node.value[:60]!r}"


def test_random_numbers_come_from_seeds() -> None:
    """No function of numpy's or Python's global generators: whoever called them before would decide."""
    unseeded = re.compile(
        r"^(np\.random\.(?!default_rng|SeedSequence|Generator|get_state|set_state)\w+|random\.(?!Random\b)\w+)$"
    )
    for name, call in nodes(ast.Call):
        function = ast.unparse(call.func)
        assert not unseeded.match(function), f"{name}, line {call.lineno}: {function}"
        if function == "np.random.default_rng":
            assert call.args, f"{name}, line {call.lineno}: a generator without a seed"


# ---- notebooks


WIDGETS = "teaching/widgets/live.py"
"""It draws a picture, and makes a widget only when it is asked for one."""


def test_the_library_draws_no_widgets_unasked() -> None:
    """Saved widget state breaks rendering; a progress bar is text, and only where somebody watches."""
    for name, node in nodes((ast.Import, ast.ImportFrom)):
        text = ast.unparse(node)
        allowed = name == WIDGETS and text == "import ipywidgets" and node.col_offset > 0  # inside a function
        assert allowed or not re.search(r"ipywidgets|tqdm\.(auto|notebook|autonotebook)", text), f"{name}: {text}"


def test_dependencies_have_lower_bounds_only() -> None:
    project = ROOT.parent / "pyproject.toml"
    if not project.exists():
        pytest.skip("installed from a wheel: no pyproject.toml here")
    for requirement in tomllib.loads(project.read_text(encoding="utf-8"))["project"]["dependencies"]:
        assert re.fullmatch(r"[\w-]+>=[\w.]+", requirement), requirement


def train_tiny(
    folder: Path,
    accelerator: Accelerator,
    data: CachedDataset,
    validation: CachedDataset,
    recipe: str = "transposed-finetuned",
) -> list[Epoch]:
    """One epoch in batches of four; the history."""
    return loop.train(
        tiny_recipe(recipe, epochs=1), data, validation, folder, weights=None, accelerator=accelerator
    ).history
