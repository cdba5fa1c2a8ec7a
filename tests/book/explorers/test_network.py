"""The network in the page: the masks that Python computes, mistakes that raise nothing, a photo that stays here."""

from __future__ import annotations

import io
from base64 import b64decode
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
from playwright.sync_api import Browser, Page

from lesionseg_lib.data.datasets import SyntheticLesions, resize_image
from lesionseg_lib.evaluation.metrics import confusion, jaccard
from lesionseg_lib.models.onnx_network import OnnxNetwork
from lesionseg_lib.models.postprocessing import probability_mask
from tests.helpers.explorers import Watched
from tools.page_network import DRAWN_SEED, DRAWN_SIZE, drawn, model, photographs

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> OnnxNetwork:
    path = tmp_path_factory.mktemp("network") / "page.onnx"
    path.write_bytes(model())
    return OnnxNetwork(path, threads=1)


def pixels(picture: dict[str, Any]) -> Any:
    return np.asarray(PIL.Image.open(io.BytesIO(b64decode(picture["photo"].partition(",")[2]))))


def started(watched: Watched, path: Path) -> Page:
    page = watched.open(path)
    page.get_by_role("button", name="Start the network").click()
    page.wait_for_selector(".ex-thumbs", timeout=60_000)
    page.wait_for_timeout(300)
    return page


def score(page: Page) -> float:
    return float(page.locator(".ex-tiles dd").first.inner_text())


def test_every_mask_is_the_one_that_python_computes(
    watched: Watched, pages: dict[str, Path], exported: OnnxNetwork
) -> None:
    page = started(watched, pages["network"])
    masks = page.evaluate("lesionseg.network.masks()")
    pictures = drawn() + photographs()
    assert len(masks) == len(pictures) >= 4
    for found, picture in zip(masks, pictures, strict=True):
        image = pixels(picture)
        probabilities = exported.probabilities(resize_image(image, exported.size)[None])[0]
        mine = probability_mask(probabilities, image.shape[:2])
        assert 0.01 < mine.mean() < 0.99
        assert np.count_nonzero(mine.ravel() != np.array(found, bool)) <= 2e-4 * mine.size, picture["name"]
    assert (watched.trouble, watched.foreign) == ([], [])


def test_nothing_of_it_is_fetched_before_it_is_asked_for(browser: Browser, pages: dict[str, Path]) -> None:
    context = browser.new_context()
    watched, asked = Watched(context), []
    watched.page.on("request", lambda request: asked.append(Path(request.url).name))
    page = watched.open(pages["network"])
    assert not {"runtime.js", "model.js", "pictures.js"} & set(asked)
    assert "Computed when this page was built" in page.locator(".ex-says").inner_text()
    context.close()


def test_the_score_beside_a_drawn_lesion_is_the_librarys(
    watched: Watched, pages: dict[str, Path], exported: OnnxNetwork
) -> None:
    page = started(watched, pages["network"])
    picture = drawn()[0]
    image = pixels(picture)
    truth = SyntheticLesions(1, seed=DRAWN_SEED, size=DRAWN_SIZE)[0].mask
    mask = probability_mask(exported.probabilities(resize_image(image, exported.size)[None])[0], truth.shape)
    assert score(page) == pytest.approx(float(jaccard(confusion(mask, truth))[0]), abs=0.0051)


@pytest.mark.parametrize("mistake", ["red and blue swapped", "normalisation forgotten"])
def test_a_mistake_raises_nothing_and_changes_the_mask(watched: Watched, pages: dict[str, Path], mistake: str) -> None:
    page = started(watched, pages["network"])
    scores = []
    for number in range(4):
        page.locator(".ex-thumbs label").nth(number).click()
        page.wait_for_timeout(250)
        right = score(page)
        page.get_by_label(mistake).check()
        page.wait_for_timeout(250)
        assert "No error is raised" in page.locator(".ex-says").inner_text()
        scores.append((right, score(page)))
        page.get_by_label(mistake).uncheck()
    assert any(wrong < right - 0.05 for right, wrong in scores), scores
    assert watched.trouble == []


def test_a_photo_of_ones_own_is_shown_after_what_it_is_not_and_stays_here(
    watched: Watched, pages: dict[str, Path], tmp_path: Path
) -> None:
    photo = tmp_path / "mine.png"
    PIL.Image.fromarray(SyntheticLesions(1, seed=5, size=(300, 200))[0].image).save(photo)
    page = started(watched, pages["network"])
    assert page.locator("input[type=file]").count() == 0
    page.get_by_role("button", name="A photo of your own").click()
    assert "not a medical device" in page.locator(".explorer-body").inner_text()
    page.locator("input[type=file]").set_input_files(photo)
    page.wait_for_timeout(500)
    assert page.locator(".ex-tiles dd").first.inner_text() == "\u2013"
    assert "Nobody knows the truth" in page.locator(".ex-says").inner_text()
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no picture")
    page.locator("input[type=file]").set_input_files(broken)
    page.wait_for_function("document.querySelector('.ex-says').textContent.startsWith('broken.jpg cannot be shown')")
    assert (watched.trouble, watched.foreign) == ([], [])


def test_a_runtime_that_does_not_come_says_so_and_can_be_tried_again(browser: Browser, pages: dict[str, Path]) -> None:
    context = browser.new_context()
    context.route("**/runtime.js", lambda route: route.abort())
    page = Watched(context).open(pages["network"])
    page.get_by_role("button", name="Start the network").click()
    page.wait_for_function("document.querySelector('.ex-says').textContent.includes('could not be started here')")
    context.unroute("**/runtime.js")
    page.get_by_role("button", name="Try again").click()
    page.wait_for_selector(".ex-thumbs", timeout=60_000)
    context.close()
