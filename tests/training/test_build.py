"""From a recipe: network, optimiser, schedule."""

# ruff: noqa: F401 (fixtures are imported by name)
from __future__ import annotations

import math

import pytest
import torch

from lesionseg_lib.training.build import build_optimizer, build_schedule, build_segmenter
from tests.helpers.tiny import tiny_decoder, tiny_recipe

pytestmark = pytest.mark.usefixtures("tiny_decoder")


def test_the_optimizer_holds_every_trainable_parameter_of_this_model_once() -> None:
    for trainable in ((), (3, 4), (1, 2, 3, 4)):
        recipe = tiny_recipe(trainable_stages=trainable)
        network, other = build_segmenter(recipe, None), build_segmenter(recipe, None)
        held = [id(p) for group in build_optimizer(recipe, network).param_groups for p in group["params"]]
        assert len(held) == len(set(held))
        assert set(held) == {id(p) for p in network.parameters() if p.requires_grad}
        assert not set(held) & {id(p) for p in other.parameters()}


@pytest.mark.parametrize(
    ("trainable", "encoder_rate", "rates"),
    [((), 1e-5, [1e-3]), ((4,), 1e-5, [1e-3, 1e-5]), ((1, 2, 3, 4), None, [1e-3, 1e-3])],
)
def test_the_encoder_has_a_group_and_a_rate_of_its_own(
    trainable: tuple[int, ...], encoder_rate: float | None, rates: list[float]
) -> None:
    recipe = tiny_recipe(trainable_stages=trainable, encoder_learning_rate=encoder_rate, learning_rate=1e-3)
    network = build_segmenter(recipe, None)
    groups = build_optimizer(recipe, network).param_groups
    assert [group["lr"] for group in groups] == rates
    decoder_ids = {id(p) for p in network.decoder.parameters()}
    assert {id(p) for p in groups[0]["params"]} == decoder_ids
    assert all(id(p) not in decoder_ids for group in groups[1:] for p in group["params"])


@pytest.mark.parametrize(
    ("name", "kind"), [("adam", torch.optim.Adam), ("nadam", torch.optim.NAdam), ("rmsprop", torch.optim.RMSprop)]
)
def test_optimizers_go_by_their_names(name: str, kind: type) -> None:
    recipe = tiny_recipe(optimizer=name)
    assert type(build_optimizer(recipe, build_segmenter(recipe, None))) is kind


@pytest.mark.parametrize(
    ("schedule", "factors"),
    [
        ("constant", [1, 1, 1, 1, 1]),
        ("cosine", [1, (2 + math.sqrt(2)) / 4, 1 / 2, (2 - math.sqrt(2)) / 4, 0]),  # (1 + cos(k pi / 4)) / 2
    ],
)
def test_schedules_scale_every_group_as_worked_out_by_hand(schedule: str, factors: list[float]) -> None:
    recipe = tiny_recipe(schedule=schedule, epochs=4, learning_rate=1e-2, encoder_learning_rate=1e-4)
    optimizer = build_optimizer(recipe, build_segmenter(recipe, None))
    plan, found = build_schedule(recipe, optimizer), []
    for _ in range(5):
        found.append([group["lr"] for group in optimizer.param_groups])
        optimizer.step()
        plan.step()
    assert found == [pytest.approx([1e-2 * factor, 1e-4 * factor], abs=1e-12) for factor in factors]


def test_two_fresh_segmenters_share_nothing() -> None:
    recipe = tiny_recipe()
    one, other = build_segmenter(recipe, None), build_segmenter(recipe, None)
    assert not {id(m) for m in one.modules()} & {id(m) for m in other.modules()}
    assert not {t.data_ptr() for t in one.state_dict().values()} & {t.data_ptr() for t in other.state_dict().values()}
