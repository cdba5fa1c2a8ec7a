"""Pyramid and skips: its data are made from a small network here, until the recorded run is there."""

from __future__ import annotations

import shutil
import zlib
from base64 import b64decode
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lesionseg_lib.models.encoder import weights_file
from lesionseg_lib.models.postprocessing import sigmoid
from lesionseg_lib.teaching import lessons
from tests.helpers.explorers import Watched
from tools.explorer_pictures import write_pages
from tools.explorers import EXPLORERS, SKIP_RECIPE, script, skips

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[lessons.Lesson, dict[str, Any]]:
    """Of an encoder that has seen ImageNet: two epochs from random weights see no edge, with skips or without."""
    if not weights_file().exists():
        pytest.skip(f"no ImageNet weights at {weights_file()}; set TORCH_HOME to where they are")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LESIONSEG_RUNS", str(tmp_path_factory.mktemp("runs")))
        lesson = lessons.start("smoke")
        return lesson, skips(lesson)


def unpack(text: str) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return np.frombuffer(zlib.decompress(b64decode(text)), np.uint8)


def test_with_all_skips_it_is_the_network_itself(made: tuple[lessons.Lesson, dict[str, Any]]) -> None:
    lesson, data = made
    own = sigmoid(lesson.fit(SKIP_RECIPE).model.logits(lesson.decoded.validation.images))
    rounded = {np.rint(15 * one).astype(np.uint8).tobytes() for one in own}
    for photo in data["photos"]:
        assert len(photo["maps"]) == len(photo["scores"]) == len(data["means"]) == 16
        assert unpack(photo["maps"][-1]).tobytes() in rounded
        assert len({one for one in photo["maps"]}) > 1  # a skip that is off is missed
    assert (data["strides"], data["channels"]) == ([2, 4, 8, 16, 32], [16, 24, 32, 96, 1280])


def test_switches_change_mask_and_score(
    made: tuple[lessons.Lesson, dict[str, Any]], watched: Watched, tmp_path: Path
) -> None:
    source = shutil.copytree(EXPLORERS, tmp_path / "source")
    (source / "skips" / "data.js").write_text(script("skips", made[1]), encoding="utf-8")
    page = watched.open(write_pages(tmp_path, source)["skips"])
    page.wait_for_timeout(300)
    assert [text for text in watched.trouble if "NOT_FOUND" not in text] == []  # its still picture is not made yet
    picture = page.locator("canvas[aria-label^='The mask']")
    before = picture.evaluate("(c) => c.toDataURL()")
    for stride in (2, 4, 8, 16):
        page.get_by_label(f"skip at stride {stride}").press(" ")
    page.wait_for_timeout(200)
    assert page.locator(".ex-tiles dd").nth(1).inner_text() == f"{made[1]['means'][0]:.2f}".lstrip("0")
    assert picture.evaluate("(c) => c.toDataURL()") != before
    # A press on the skip at stride 2 in the drawing switches it on again.
    net = page.locator("canvas[aria-label^='The U-Net']")
    box = net.bounding_box()
    assert box is not None
    net.click(position={"x": box["width"] / 2, "y": 22 + (box["height"] - 30) / 10})
    assert page.get_by_label("skip at stride 2").is_checked()
