"""The seventeen experiments, as their write-ups describe them, and the course's own."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from lesionseg_lib.data.transforms import AUGMENTATIONS
from lesionseg_lib.errors import UnknownNameError
from lesionseg_lib.models.decoders import DECODERS
from lesionseg_lib.training import recipes as module
from lesionseg_lib.training.build import build_segmenter
from lesionseg_lib.training.losses import LOSSES
from lesionseg_lib.training.recipes import Claim, get_recipe, load_recipes

ALL = (1, 2, 3, 4)

# family, decoder, trainable stages, loss, optimiser, learning rate, epochs, augmentation, claimed IoU, Dice, loss.
# None: the write-up gives no figure, and the recipe's choice is its own.
TABLE = {
    "unet-frozen": ("A", "unet", (), "bce", None, None, None, "family-a", None),
    "unet-finetuned": ("A", "unet", ALL, "bce", None, None, None, "family-a", (0.77, 0.858, None)),
    "segnet-attention-frozen": ("A", "segnet-attention", (), "bce", None, None, None, "family-a", None),
    "segnet-attention-finetuned": (
        "A",
        "segnet-attention",
        ALL,
        "bce",
        None,
        None,
        None,
        "family-a",
        (0.7, 0.79, None),
    ),
    "segnet-attention-atrous-frozen": ("A", "segnet-attention-atrous", (), "bce", None, None, None, "family-a", None),
    "segnet-attention-atrous-finetuned": (
        "A",
        "segnet-attention-atrous",
        ALL,
        "bce",
        None,
        None,
        None,
        "family-a",
        (0.81, 0.88, None),
    ),
    "transposed-frozen": ("B", "transposed", (), "bce", "nadam", 1e-3, 25, "none", (0.2985, 0.7522, 0.3972)),
    "transposed-finetuned": ("B", "transposed", ALL, "bce", "nadam", 1e-3, 25, "none", (0.2985, 0.8620, 0.1578)),
    "dilated-frozen": ("C", "dilated", (), "dice+bce", None, 1e-3, None, "family-c", (0.8716, 0.9023, 0.2583)),
    "dilated-stage4": ("C", "dilated", (4,), "dice+bce", None, 1e-4, None, "family-c", (0.8799, 0.9089, 0.2417)),
    "dilated-two-stages": ("C", "dilated", (3, 4), "dice+bce", None, 1e-4, None, "family-c", None),
    "dilated-all": ("C", "dilated", ALL, "dice+bce", None, 1e-4, None, "family-c", (0.8834, 0.9121, 0.2366)),
    "refine-bce-rmsprop": ("D", "refine", (), "bce", "rmsprop", None, None, "family-d", (0.7585, 0.8025, 0.2638)),
    "refine-iou-adam": ("D", "refine", (), "iou", "adam", None, None, "family-d", (0.7724, 0.8154, 0.3144)),
    "refine-finetuned": ("D", "refine", ALL, "bce", "adam", None, 15, "family-d", (0.7659, 0.8094, 0.2660)),
    "conv5-frozen": ("E", "conv5", (), "bce-probabilities", "adam", None, 30, "none", (0.7, 0.8, 0.35)),
    "conv5-finetuned": ("E", "conv5", ALL, "bce-probabilities", "adam", None, 30, "none", (0.75, 0.85, 0.3)),
}


CONTROLS = {
    "unet-without-skips": ("unet-finetuned", {"decoder"}),
    "segnet-finetuned": ("segnet-attention-finetuned", {"decoder"}),
    "dilated-frozen-slow": ("dilated-frozen", {"learning_rate"}),
    "dilated-all-two-rates": ("dilated-all", {"learning_rate", "encoder_learning_rate"}),
    "refine-bce-adam": ("refine-bce-rmsprop", {"optimizer"}),
    "unet-as-light": ("light", {"decoder"}),
    "light-bce": ("light", {"loss"}),
    "light-dice": ("light", {"loss"}),
    "light-iou": ("light", {"loss"}),
    "light-focal": ("light", {"loss"}),
    "light-tversky": ("light", {"loss"}),
    "light-dice-boundary": ("light", {"loss"}),
    "light-nadam": ("light", {"optimizer"}),
    "light-rmsprop": ("light", {"optimizer"}),
    "smp-unet": ("unet-finetuned", {"decoder"}),
}
OWN = ("light", *CONTROLS)


def test_the_seventeen_experiments_are_there_in_their_order_and_then_the_courses_own() -> None:
    assert len(TABLE) == 17
    assert tuple(load_recipes()) == (*TABLE, *OWN)


@pytest.mark.parametrize("name", CONTROLS)
def test_a_control_differs_from_its_experiment_in_one_thing(name: str) -> None:
    other, differing = CONTROLS[name]
    mine, theirs = get_recipe(name).settings(), get_recipe(other).settings()
    prose = {"name", "family", "title", "choices", "claimed"}
    assert {key for key in mine if mine[key] != theirs[key]} - prose == differing
    assert other in get_recipe(name).choices or other in get_recipe(name).title


def test_the_two_rates_are_those_of_the_recipes_they_come_from() -> None:
    two = get_recipe("dilated-all-two-rates")
    assert two.learning_rate == get_recipe("dilated-frozen").learning_rate
    assert two.encoder_learning_rate == get_recipe("dilated-all").learning_rate


def test_family_a_trains_the_encoder_at_a_smaller_rate() -> None:
    for recipe in load_recipes().values():
        if recipe.family == "A" and recipe.trainable_stages:
            assert recipe.encoder_learning_rate is not None and recipe.encoder_learning_rate < recipe.learning_rate


@pytest.mark.parametrize("name", TABLE)
def test_a_recipe_is_what_its_write_up_says(name: str) -> None:
    recipe = get_recipe(name)
    family, decoder, trainable, loss, optimizer, rate, epochs, augmentation, claimed = TABLE[name]
    assert (recipe.name, recipe.family, recipe.decoder, recipe.loss) == (name, family, decoder, loss)
    assert recipe.trainable_stages == trainable
    assert recipe.augmentation == augmentation
    assert recipe.size == (128, 128) and recipe.threshold == 0.5
    for found, given in ((recipe.optimizer, optimizer), (recipe.learning_rate, rate), (recipe.epochs, epochs)):
        assert given is None or found == given
    if claimed is None:
        assert recipe.claimed is None
    else:
        assert recipe.claimed == Claim(*claimed, approximate=family == "E")


def test_what_a_write_up_left_open_is_said() -> None:
    for recipe in load_recipes().values():
        assert len(recipe.choices) > 5 and recipe.title
    assert get_recipe("conv5-frozen").learning_rate != get_recipe("conv5-finetuned").learning_rate  # "another lr"


def test_claims_are_copied_even_where_no_masks_can_give_them() -> None:
    """Mean Dice cannot exceed 2 J / (1 + J); family B's pairs do, the others' do not."""
    for recipe in load_recipes().values():
        if recipe.claimed is not None:
            bound = 2 * recipe.claimed.iou / (1 + recipe.claimed.iou)
            assert (recipe.claimed.dice > bound) == (recipe.family == "B"), recipe.name


@pytest.mark.parametrize("name", [*TABLE, *OWN])
def test_every_name_in_a_recipe_exists(name: str) -> None:
    recipe = get_recipe(name)
    assert recipe.decoder in DECODERS
    assert recipe.loss in LOSSES
    assert recipe.augmentation in AUGMENTATIONS
    assert set(recipe.trainable_stages) <= {1, 2, 3, 4}
    assert sorted(recipe.trainable_stages + recipe.frozen_stages) == [1, 2, 3, 4]


@pytest.mark.parametrize("name", ["dilated-frozen", "dilated-stage4", "dilated-two-stages", "dilated-all"])
def test_a_built_segmenter_trains_the_stages_of_its_recipe(name: str) -> None:
    recipe = get_recipe(name)
    network = build_segmenter(recipe, weights=None)
    network.train()
    for stage in ALL:
        part, trainable = network.encoder.stage(stage), stage in recipe.trainable_stages
        assert all(p.requires_grad == trainable for p in part.parameters())
        assert all(m.training == trainable for m in part.modules() if isinstance(m, torch.nn.BatchNorm2d))
    assert all(p.requires_grad for p in network.decoder.parameters())


def test_the_seed_decides_the_initial_weights() -> None:
    def build(seed: int) -> torch.Tensor:
        torch.manual_seed(seed)
        return build_segmenter(get_recipe("transposed-frozen"), weights=None).decoder.up[0].weight

    assert torch.equal(build(1), build(1))
    assert not torch.equal(build(1), build(2))


@pytest.mark.parametrize(
    ("wrong", "near"),
    [("dilated-al", "dilated-all"), ("conv5_frozen", "conv5-frozen"), ("transposed", "transposed-frozen")],
)
def test_an_unknown_recipe_is_answered_with_the_nearest(wrong: str, near: str) -> None:
    with pytest.raises(UnknownNameError, match=f"no recipe named '{wrong}'. Did you mean '{near}'") as caught:
        get_recipe(wrong)
    assert all(name in str(caught.value) for name in (*TABLE, *OWN))


@pytest.mark.parametrize(("field", "value"), [("optimizer", "sgd"), ("schedule", "linear")])
def test_a_recipe_that_asks_for_what_does_not_exist_is_refused(field: str, value: str) -> None:
    table = {
        "family": "X", "title": "t", "decoder": "conv5", "trainable_stages": [], "loss": "bce", "optimizer": "adam",
        "learning_rate": 1e-3, "batch_size": 4, "epochs": 1, "augmentation": "none", "choices": "none", field: value,
    }  # fmt: skip
    with pytest.raises(UnknownNameError, match=f"There is no .* .recipe mine. named '{value}'"):
        module._recipe("mine", table, "recipes.toml")


def test_a_recipe_cannot_be_changed_in_place_and_its_settings_are_plain() -> None:
    recipe = get_recipe("dilated-stage4")
    with pytest.raises(AttributeError):
        recipe.epochs = 3  # type: ignore[misc]
    settings = replace(recipe, epochs=3).settings()
    assert settings["epochs"] == 3 and settings["trainable_stages"] == [4] and settings["size"] == [128, 128]
    assert settings["claimed"] == {"iou": 0.8799, "dice": 0.9089, "loss": 0.2417, "approximate": False}
    assert get_recipe("dilated-stage4").epochs != 3
