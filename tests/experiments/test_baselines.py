"""Predictors without a network: worked out by hand on tiny data, recorded as the recipes are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from lesionseg_lib.data.datasets import SyntheticLesions
from lesionseg_lib.data.splits import Splits
from lesionseg_lib.errors import UnknownNameError
from lesionseg_lib.evaluation.metrics import METRICS
from lesionseg_lib.evaluation.scoring import score_images
from lesionseg_lib.experiments.baselines import BASELINES, CHANNELS, THRESHOLDS, fit_mean_mask, fit_otsu, otsu_mask, run
from lesionseg_lib.experiments.profiles import get_profile
from lesionseg_lib.models.postprocessing import sigmoid
from lesionseg_lib.results.comparison import compare_all, compare_two
from lesionseg_lib.results.records import load_records, write_record
from lesionseg_lib.training.recipes import load_recipes
from tests.helpers.tiny import ArrayDataset, cached

SMOKE = get_profile("smoke")


def skin(height: int = 96, width: int = 128) -> np.ndarray:
    return np.full((height, width, 3), (230, 190, 170), np.uint8)


def disc(photo: np.ndarray, centre: tuple[int, int], radius: int, colour: tuple[int, int, int]) -> np.ndarray:
    """Draws a disc at (x, y); returns its mask."""
    cv2.circle(photo, centre, radius, colour, cv2.FILLED)
    mask = cv2.circle(np.zeros(photo.shape[:2], np.uint8), centre, radius, 1, cv2.FILLED)
    return np.asarray(mask) == 1


def jaccard(one: np.ndarray, other: np.ndarray) -> float:
    return float((one & other).sum() / (one | other).sum())


# ---- Otsu


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_dark_disc_on_bright_skin_is_found_in_every_channel(channel: str) -> None:
    photo = skin()
    truth = disc(photo, (70, 45), 20, (120, 60, 40))
    assert jaccard(otsu_mask(photo, channel), truth) > 0.95


def test_hair_dark_corners_and_a_spot_at_the_rim_are_not_lesion() -> None:
    photo = skin()
    disc(photo, (118, 48), 8, (100, 60, 40))  # smaller, and far from the middle
    truth = disc(photo, (60, 48), 20, (120, 60, 40))
    plain = otsu_mask(photo, "blue")
    assert jaccard(plain, truth) > 0.95
    y, x = np.ogrid[-1:1:96j, -1:1:128j]
    photo[y**2 + x**2 > 1.2] = 10
    for start in (10, 50, 90):
        cv2.line(photo, (start, 0), (start + 30, 95), (40, 30, 25), 2)
    assert jaccard(otsu_mask(photo, "blue"), plain) > 0.9


def test_holes_and_bays_are_filled() -> None:
    photo = skin()
    truth = disc(photo, (64, 48), 24, (120, 60, 40))
    disc(photo, (64, 48), 8, (230, 190, 170))
    cv2.rectangle(photo, (60, 20), (68, 45), (230, 190, 170), cv2.FILLED)
    assert jaccard(otsu_mask(photo, "blue"), truth) > 0.93


def test_a_picture_of_one_colour_has_no_lesion_or_is_all_lesion_but_no_error() -> None:
    mask = otsu_mask(skin(), "blue")
    assert mask.dtype == bool and mask.shape == (96, 128)


def test_an_unknown_channel_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="no channel named 'blu'. Did you mean 'blue'"):
        otsu_mask(skin(), "blu")


def test_the_channel_is_the_one_that_scores_best_on_the_training_photos() -> None:
    photos, truths = [], []
    for x in (50, 60, 70):
        photo = skin()
        disc(photo, (64, 48), 12, (230, 190, 90))  # seen by blue and by lightness, but not the lesion
        truths.append(disc(photo, (x, 44), 25, (120, 190, 170)))  # darker in red alone
        photos.append(photo)
    found = fit_otsu(ArrayDataset(photos, truths), cached(np.zeros((0,)), np.zeros((3, 4, 4), np.uint8)))
    assert found.candidates is not None and list(found.candidates) == list(CHANNELS)
    assert max(found.candidates, key=found.candidates.__getitem__) == "red"
    assert "Channel red" in found.choices
    assert jaccard(found.predict(ArrayDataset(photos, truths), 1) == 1, truths[1]) > 0.95


def test_a_large_photo_is_reduced_and_a_small_one_is_not_enlarged() -> None:
    data = ArrayDataset([skin(600, 900), skin(40, 60)], [np.ones((600, 900), bool), np.ones((40, 60), bool)])
    otsu = fit_otsu(data, cached(np.zeros((0,)), np.zeros((2, 4, 4), np.uint8)))
    assert [otsu.predict(data, index).shape for index in (0, 1)] == [(171, 256), (40, 60)]


# ---- the mean mask


def test_the_mean_mask_takes_the_threshold_that_scores_best_on_train() -> None:
    # Four masks of four pixels: the first is lesion in all, the second in two, the third in one, the last in none.
    masks = np.array([[[1, 1, 1, 0]], [[1, 1, 0, 0]], [[1, 0, 0, 0]], [[1, 0, 0, 0]]], np.uint8)
    mean = fit_mean_mask(ArrayDataset([], []), cached(np.zeros((4, 1, 4, 3), np.uint8), masks))
    # Above .5 and more, the first pixel: (1/3 + 1/2 + 1 + 1) / 4. Below .5, the first two: (2/3 + 1 + 1/2 + 1/2) / 4.
    # Below .25, three: (1 + 2/3 + 1/3 + 1/3) / 4.
    assert mean.candidates is not None and len(mean.candidates) == len(THRESHOLDS)
    expected = {"0.50": 17 / 24, "0.95": 17 / 24, "0.45": 16 / 24, "0.25": 16 / 24, "0.20": 14 / 24}
    assert {name: mean.candidates[name] for name in expected} == pytest.approx(expected)
    assert mean.threshold == 0.5
    data = ArrayDataset([np.zeros((1, 4, 3), np.uint8)], [np.array([[True, False, False, False]])])
    assert (mean.predict(data, 0) > mean.threshold).tolist() == [[True, False, False, False]]


# ---- the records


@pytest.fixture(scope="module")
def splits() -> Splits:
    return Splits(*(SyntheticLesions(n, size=96, seed=seed) for seed, n in enumerate((12, 4, 6))))


@pytest.fixture(scope="module")
def recorded(splits: Splits, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("results")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LESIONSEG_CACHE", str(tmp_path_factory.mktemp("cache")))
        found = {name: run(name, SMOKE, splits) for name in BASELINES}
    for record, table in found.values():
        write_record(folder, record, table)
    return folder, found


def test_a_record_has_the_fields_of_a_recipes(splits: Splits, recorded: tuple[Path, dict[str, Any]]) -> None:
    for name, (record, table) in recorded[1].items():
        assert (record["name"], record["seed"], record["profile"]) == (name, 0, "smoke")
        assert {"commit", "dirty", "device", "threads", "python", "versions", "weights", "validation"} <= record.keys()
        assert record["data"]["test"] == {"images": 6, "fingerprint": splits.test.content_fingerprint()}
        assert record["parameters"]["total"] == record["macs"] == record["epochs_run"] == len(record["history"]) == 0
        for metric in METRICS:
            assert record["test"][metric]["mean"] == pytest.approx(table[metric].mean())
            if record["official"] is not None:
                assert record["official"][metric] == pytest.approx(table[metric].mean())
        assert record["readings"]["per_image"]["jaccard"] == pytest.approx(table["jaccard"].mean())
        assert len(record["readings"]) == 8 and "train_mode" not in record["readings"]
        json.dumps(record)


def test_all_foreground_scores_the_share_of_the_lesion(splits: Splits, recorded: tuple[Path, dict[str, Any]]) -> None:
    record, table = recorded[1]["all-foreground"]
    shares = [splits.test.truth(index).mean() for index in range(6)]
    assert table["jaccard"].tolist() == pytest.approx(shares)
    assert record["test"]["sensitivity"]["mean"] == 1 and record["test"]["specificity"]["mean"] == 0
    saturated = np.full((6, 4, 4), 50, np.float32)
    assert score_images(sigmoid(saturated), splits.test)["jaccard"].tolist() == table["jaccard"].tolist()


def test_the_test_images_choose_nothing(recorded: tuple[Path, dict[str, Any]], splits: Splits) -> None:
    others = Splits(splits.train, splits.validation, SyntheticLesions(2, size=96, seed=9))
    for name, (record, _) in recorded[1].items():
        again, _ = run(name, SMOKE, others)
        assert again["recipe"] == record["recipe"] and again["candidates"] == record["candidates"]


def test_the_comparison_shows_them_and_pairs_their_images(recorded: tuple[Path, dict[str, Any]]) -> None:
    folder, found = recorded
    rows = {row.name: row for row in compare_all(load_recipes(), load_records(folder))}
    for name, (record, _) in found.items():
        jaccard_score = rows[name].jaccard
        assert jaccard_score is not None and jaccard_score.mean == record["test"]["jaccard"]["mean"]
    first = compare_two("otsu", "all-foreground", load_recipes(), folder)[0]
    assert first.images == 6 and first.mean > 0


def test_an_unknown_baseline_is_refused(splits: Splits) -> None:
    with pytest.raises(UnknownNameError, match="no baseline named 'otzu'. Did you mean 'otsu'"):
        run("otzu", SMOKE, splits)
