"""A teacher beside the masks: the loss by hand, a teacher that stays as it is, and a run that is its own."""

# ruff: noqa: F401, F811 (fixtures are imported by name)
from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from accelerate import Accelerator

from lesionseg_lib.errors import CheckpointError
from lesionseg_lib.training.batches import TrainingSet, batches_for
from lesionseg_lib.training.distillation import Teacher, distilled
from lesionseg_lib.training.loop import train
from tests.helpers.tiny import accelerator, checkpoint_of, discs, same_bits, tiny_decoder, tiny_recipe, tiny_segmenter

TRAIN, VALIDATION = discs(8), discs(4, seed=1)

pytestmark = pytest.mark.usefixtures("tiny_decoder")


@pytest.fixture
def teacher() -> Teacher:
    return Teacher(tiny_segmenter("tiny", seed=5), "0" * 64)


def test_the_loss_is_a_mixture() -> None:
    logits, taught = torch.zeros(2, 1, 4, 4), torch.full((2, 1, 4, 4), 0.8)
    # Of a probability of .5 the cross-entropy is log 2, whatever the teacher says.
    assert distilled(torch.tensor(3.0), logits, taught, 0.25) == pytest.approx(0.75 * 3 + 0.25 * math.log(2))
    # It is least, with the entropy of .8, where the logits are the teacher's: log(.8 / .2) = log 4.
    entropy = -(0.8 * math.log(0.8) + 0.2 * math.log(0.2))
    assert distilled(torch.tensor(0.0), logits + math.log(4), taught, 1.0) == pytest.approx(entropy)


def test_a_teacher_answers_in_evaluation_mode_and_does_not_change(teacher: Teacher) -> None:
    before = {name: tensor.clone() for name, tensor in teacher.network.state_dict().items()}
    teacher.network.train()
    first, again = (teacher.probabilities(torch.ones(2, 3, 32, 32)) for _ in range(2))
    assert torch.equal(first, again) and first.shape == (2, 1, 32, 32) and not first.requires_grad
    assert ((first > 0) & (first < 1)).all()
    assert same_bits(dict(teacher.network.state_dict()), before)


def test_a_taught_run_is_another_and_knows_its_teacher(
    tmp_path: Path, accelerator: Accelerator, teacher: Teacher
) -> None:
    recipe = tiny_recipe(epochs=1, teacher="light")
    for name, taught_by in (("alone", None), ("taught", teacher)):
        train(recipe, TRAIN, VALIDATION, tmp_path / name, weights=None, accelerator=accelerator, teacher=taught_by)
    alone, taught = (checkpoint_of(tmp_path / name) for name in ("alone", "taught"))
    assert not same_bits(alone["model"], taught["model"])
    other = Teacher(teacher.network, "1" * 64)
    with pytest.raises(CheckpointError, match="belongs to another run .teacher_sha256: '0000"):
        train(
            recipe, TRAIN, VALIDATION, tmp_path / "taught",
            weights=None, accelerator=accelerator, teacher=other, resume=True,
        )  # fmt: skip


def test_a_teacher_of_weight_zero_teaches_nothing(tmp_path: Path, accelerator: Accelerator, teacher: Teacher) -> None:
    recipe = tiny_recipe(epochs=1, teacher="light", teacher_weight=0.0)
    train(recipe, TRAIN, VALIDATION, tmp_path / "taught", weights=None, accelerator=accelerator, teacher=teacher)
    train(tiny_recipe(epochs=1), TRAIN, VALIDATION, tmp_path / "alone", weights=None, accelerator=accelerator)
    assert same_bits(*(checkpoint_of(tmp_path / name)["model"] for name in ("taught", "alone")))


def test_a_teacher_is_shown_images_also_where_the_encoder_is_frozen() -> None:
    network = tiny_segmenter("tiny")
    recipe = tiny_recipe("transposed-frozen", teacher="light")
    assert type(batches_for(TRAIN, recipe, 0, network)) is TrainingSet
