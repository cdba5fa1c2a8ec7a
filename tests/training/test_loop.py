"""The training loop learns, can be interrupted anywhere, and trains what the recipe says and nothing else."""

# ruff: noqa: F401, F811 (fixtures are imported by name)
from __future__ import annotations

import copy
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from accelerate import Accelerator
from torch import Tensor

from lesionseg_lib.data.datasets import SyntheticLesions
from lesionseg_lib.errors import CheckpointError, UnknownNameError
from lesionseg_lib.evaluation.metrics import confusion, reduce
from lesionseg_lib.models import encoder
from lesionseg_lib.models.encoder import STAGES
from lesionseg_lib.models.postprocessing import sigmoid
from lesionseg_lib.training import batches, loop
from lesionseg_lib.training.build import build_segmenter
from lesionseg_lib.training.checkpoints import Epoch, read_history, read_previews
from lesionseg_lib.training.loop import Run, train
from lesionseg_lib.training.recipes import Recipe
from tests.helpers.tiny import (
    accelerator,
    assert_same_run,
    cached,
    checkpoint_of,
    discs,
    forget_accelerators,
    tiny_decoder,
    tiny_recipe,
)

TRAIN, VALIDATION = discs(8), discs(4, seed=1)

pytestmark = pytest.mark.usefixtures("tiny_decoder")


def fit(recipe: Recipe, folder: Path, accelerator: Accelerator, **changes: Any) -> Run:
    return train(
        recipe, TRAIN, VALIDATION, folder, **{"weights": None, "accelerator": accelerator, **changes}
    )  # fmt: skip


# ---- it learns


def test_loss_falls_on_eight_drawn_lesions(tmp_path: Path, accelerator: Accelerator) -> None:
    drawn = list(SyntheticLesions(8, size=64, seed=0))
    data = cached(np.stack([s.image for s in drawn]), np.stack([s.mask for s in drawn]).astype(np.uint8))
    recipe = tiny_recipe("dilated-all", decoder="dilated", epochs=4, size=(64, 64), learning_rate=1e-3)
    run = train(recipe, data, data, tmp_path, weights=None, accelerator=accelerator)
    losses = [row.train_loss for row in run.history]
    assert losses[-1] < 0.8 * losses[0]
    assert all(math.isfinite(value) for row in run.history for value in (row.validation_loss, row.validation_jaccard))


def test_a_run_leaves_model_history_previews_and_state(tmp_path: Path, accelerator: Accelerator) -> None:
    seen: list[Epoch] = []
    run = fit(tiny_recipe(epochs=2), tmp_path, accelerator, on_epoch=seen.append)
    names = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file())
    assert names == [
        "best/model.json",
        "best/model.safetensors",
        "checkpoint.pt",
        "history.csv",
        "previews.npz",
        "run.json",
    ]
    assert run.history == seen == read_history(tmp_path)
    assert [row.epoch for row in run.history] == [1, 2]
    assert [row.learning_rate for row in run.history] == [1e-3, 1e-3]
    assert all(row.seconds > 0 for row in run.history)
    ids, previews = read_previews(tmp_path)
    assert ids == list(VALIDATION.ids[:4])
    assert previews.shape == (2, 4, 32, 32) and previews.dtype == np.uint8
    expected = (sigmoid(run.load_best().logits(VALIDATION.images)) * 255).round()
    np.testing.assert_allclose(previews[run.best_epoch - 1], expected, atol=1)


def test_the_model_kept_is_that_of_the_best_validation_epoch(tmp_path: Path, accelerator: Accelerator) -> None:
    run = fit(tiny_recipe(epochs=4), tmp_path, accelerator)
    jaccards = [row.validation_jaccard for row in run.history]
    assert run.best_epoch == jaccards.index(max(jaccards)) + 1
    logits = run.load_best().logits(VALIDATION.images)
    found = confusion(sigmoid(logits) > 0.5, VALIDATION.masks.astype(bool))
    assert reduce(found, "jaccard") == jaccards[run.best_epoch - 1]
    assert reduce(found, "dice") == run.history[run.best_epoch - 1].validation_dice


def test_the_same_seed_gives_the_same_run_and_another_seed_another(tmp_path: Path, accelerator: Accelerator) -> None:
    recipe = tiny_recipe(epochs=1, augmentation="family-c")
    torch.manual_seed(99)  # what went before must not matter
    fit(recipe, tmp_path / "a", accelerator)
    fit(recipe, tmp_path / "b", accelerator)
    fit(recipe, tmp_path / "c", accelerator, seed=1)
    assert_same_run(tmp_path / "a", tmp_path / "b")
    assert checkpoint_of(tmp_path / "a")["history"] != checkpoint_of(tmp_path / "c")["history"]


# ---- it trains what the recipe says


@pytest.mark.parametrize("trainable", [(), (4,), (1, 2, 3, 4)])
def test_frozen_stages_end_bit_for_bit_as_they_began(
    tmp_path: Path,
    accelerator: Accelerator,
    trainable: tuple[int, ...],
) -> None:
    recipe = tiny_recipe(epochs=1, trainable_stages=trainable)
    torch.manual_seed(0)
    before = build_segmenter(recipe, None).state_dict()
    fit(recipe, tmp_path, accelerator)
    after = checkpoint_of(tmp_path)["model"]
    for name, tensor in after.items():
        part, *_ = name.removeprefix("encoder.features.").split(".")
        if part == "decoder":
            assert not torch.equal(before[name], tensor), name
        else:
            (stage,) = (s for s, (start, stop) in STAGES.items() if start <= int(part) < stop)
            if stage not in trainable:
                assert torch.equal(before[name], tensor), name
            elif "running" in name or "num_batches" in name:  # a weight may have met no gradient; a statistic moves
                assert not torch.equal(before[name], tensor), name
    if trainable:
        last = "encoder.features.18.0.weight"
        assert not torch.equal(before[last], after[last])


def test_precomputed_pyramids_give_the_same_run_as_the_encoder(
    tmp_path: Path,
    accelerator: Accelerator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    recipe = tiny_recipe("transposed-frozen", epochs=2)
    fast = fit(recipe, tmp_path / "fast", accelerator)
    kinds = []

    def images(data: Any, recipe: Recipe, seed: int, network: Any) -> batches.TrainingSet:
        kinds.append("images")
        return batches.TrainingSet(data, recipe, seed)

    monkeypatch.setattr(loop, "batches_for", images)
    slow = fit(recipe, tmp_path / "slow", accelerator)
    assert kinds == ["images"]
    for one, other in zip(fast.history, slow.history, strict=True):
        assert one.train_loss == pytest.approx(other.train_loss, rel=1e-4)
        assert one.validation_loss == pytest.approx(other.validation_loss, rel=1e-4)


def test_the_history_tells_the_rate_each_epoch_was_trained_with(tmp_path: Path, accelerator: Accelerator) -> None:
    run = fit(tiny_recipe("transposed-frozen", schedule="cosine", epochs=2), tmp_path, accelerator)
    assert [row.learning_rate for row in run.history] == pytest.approx([1e-3, 0.5e-3])


# ---- early stopping


def script_validation(monkeypatch: pytest.MonkeyPatch, jaccards: list[float]) -> None:
    """Validation answers these scores, one an epoch."""
    answers = iter(jaccards)

    def validate(*_: Any) -> tuple[float, float, float, np.ndarray]:
        return 0.5, next(answers), 0.5, np.zeros((4, 32, 32), np.uint8)

    monkeypatch.setattr(loop, "_validate", validate)


@pytest.mark.parametrize(
    ("patience", "jaccards", "epochs_run", "best"),
    [
        (2, [0.5, 0.6, 0.55, 0.58, 0.9, 0.9], 4, 2),  # two epochs without a better one
        (1, [0.5, 0.6, 0.6, 0.9, 0.9, 0.9], 3, 2),  # equal is not better
        (3, [0.5, 0.4, 0.4, 0.6, 0.5, 0.5], 6, 4),
        (None, [0.5, 0.4, 0.3, 0.2, 0.1, 0.0], 6, 1),
        (2, [0.0, 0.0, 0.0, 0.7, 0.7, 0.7], 3, 1),
    ],
)
def test_patience_stops_after_as_many_epochs_without_a_better_one(
    tmp_path: Path,
    accelerator: Accelerator,
    monkeypatch: pytest.MonkeyPatch,
    patience: int | None,
    jaccards: list[float],
    epochs_run: int,
    best: int,
) -> None:
    script_validation(monkeypatch, jaccards)
    run = fit(tiny_recipe("transposed-frozen", epochs=6, patience=patience), tmp_path, accelerator)
    assert (len(run.history), run.best_epoch) == (epochs_run, best)


def test_patience_counts_on_after_an_interruption(
    tmp_path: Path,
    accelerator: Accelerator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    recipe = tiny_recipe("transposed-frozen", epochs=6, patience=2)
    script_validation(monkeypatch, [0.5, 0.4, 0.3, 0.9, 0.9, 0.9])

    def stop_after_two(row: Epoch) -> None:
        if row.epoch == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(recipe, tmp_path, accelerator, on_epoch=stop_after_two)
    run = fit(recipe, tmp_path, accelerator, resume=True)
    assert (len(run.history), run.best_epoch) == (3, 1)
    again = fit(recipe, tmp_path, accelerator, resume=True)  # a run that has ended stays as it is
    assert again == run


# ---- other machines


def test_mixed_precision_trains_to_a_similar_loss(tmp_path: Path, accelerator: Accelerator) -> None:
    recipe = tiny_recipe(epochs=1)
    plain = fit(recipe, tmp_path / "float32", accelerator)
    forget_accelerators()
    mixed = fit(recipe, tmp_path / "bfloat16", Accelerator(cpu=True, mixed_precision="bf16"))
    assert mixed.history[0].train_loss != plain.history[0].train_loss  # it did compute in another precision
    for one, other in zip(plain.history, mixed.history, strict=True):
        assert one.train_loss == pytest.approx(other.train_loss, rel=0.15)
        assert math.isfinite(other.validation_loss)
    dtypes = {t.dtype for t in checkpoint_of(tmp_path / "bfloat16")["model"].values() if t.is_floating_point()}
    assert dtypes == {torch.float32}


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
def test_cuda_gives_the_logits_and_the_loss_of_the_cpu(tmp_path: Path) -> None:
    """Within 1e-3: CUDA sums in another order, and in TF32 where it may."""
    recipe = tiny_recipe("dilated-all", decoder="dilated", size=(64, 64))
    torch.manual_seed(0)
    network = build_segmenter(recipe, None).eval()
    images = discs(4, side=64)
    target = torch.from_numpy(images.masks)[:, None].float()
    loss_of = loop.get_loss(recipe.loss)
    logits = torch.from_numpy(network.logits(images.images))
    on_cuda = torch.from_numpy(copy.deepcopy(network).cuda().logits(images.images))
    torch.testing.assert_close(on_cuda, logits, atol=1e-3, rtol=1e-3)
    found = loss_of(on_cuda.cuda()[:, None], target.cuda()).cpu()
    torch.testing.assert_close(found, loss_of(logits[:, None], target), atol=1e-3, rtol=1e-3)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
@pytest.mark.parametrize("name", ["transposed-frozen", "transposed-finetuned"])
def test_cuda_trains_an_epoch_as_the_cpu_does(tmp_path: Path, name: str) -> None:
    histories = []
    for device in ("cuda", "cpu"):
        forget_accelerators()
        run = fit(tiny_recipe(name, epochs=1), tmp_path / device, Accelerator(cpu=device == "cpu"))
        assert math.isfinite(run.history[0].validation_loss)
        histories.append(run.history[0].train_loss)
    forget_accelerators()
    assert histories[0] == pytest.approx(histories[1], rel=0.1)  # dropout draws other numbers on another device


# ---- identity


def test_a_first_run_that_downloads_its_weights_can_be_resumed(
    tmp_path: Path,
    accelerator: Accelerator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The hash of the weights is part of a run's identity, so it must be taken when they are there."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))

    def download(network: torch.nn.Module, weights: Any) -> None:
        path = encoder.weights_file(weights)
        if not path.exists():
            path.parent.mkdir(parents=True)
            path.write_bytes(b"weights")

    monkeypatch.setattr(encoder, "_load_weights", download)
    recipe = tiny_recipe("transposed-frozen", epochs=1)
    fit(recipe, tmp_path / "run", accelerator, weights="IMAGENET1K_V1")
    assert len(fit(recipe, tmp_path / "run", accelerator, weights="IMAGENET1K_V1", resume=True).history) == 1
    encoder.weights_file().write_bytes(b"other weights")
    with pytest.raises(CheckpointError, match="belongs to another run .weights: "):
        fit(recipe, tmp_path / "run", accelerator, weights="IMAGENET1K_V1", resume=True)


def test_prose_of_a_recipe_may_change_between_a_run_and_its_resumption(
    tmp_path: Path,
    accelerator: Accelerator,
) -> None:
    fit(tiny_recipe("transposed-frozen", epochs=1), tmp_path, accelerator)
    changed = tiny_recipe("transposed-frozen", epochs=1, title="Another", choices="Said better.", claimed=None)
    assert len(fit(changed, tmp_path, accelerator, resume=True).history) == 1


def test_an_unknown_loss_is_answered_before_anything_is_written(tmp_path: Path, accelerator: Accelerator) -> None:
    with pytest.raises(UnknownNameError, match="no loss named 'dicee'"):
        fit(tiny_recipe(loss="dicee"), tmp_path / "run", accelerator)
    assert not (tmp_path / "run").exists()


def test_the_loss_meets_masks_of_zeros_and_ones_beside_logits_of_their_shape(
    tmp_path: Path,
    accelerator: Accelerator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shapes, values = set(), set()

    def watch(name: str) -> Any:
        def loss(logits: Tensor, target: Tensor) -> Tensor:
            shapes.add((tuple(logits.shape), tuple(target.shape)))
            values.update(target.unique().tolist())
            return logits.mean()

        return loss

    monkeypatch.setattr(loop, "get_loss", watch)
    fit(tiny_recipe(epochs=1), tmp_path, accelerator)
    assert shapes == {((4, 1, 32, 32), (4, 1, 32, 32))}
    assert values == {0.0, 1.0}
