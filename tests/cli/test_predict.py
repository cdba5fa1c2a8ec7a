"""Masks for photos of one's own: any photo, no photo lost, none written over."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
from typer.testing import CliRunner, Result

from lesionseg_lib.cli.app import app
from lesionseg_lib.cli.predict import collect_photos, draw_outline, output_names
from lesionseg_lib.data.datasets import SyntheticLesions, read_image
from lesionseg_lib.data.images import upright_size
from lesionseg_lib.models import shipped
from lesionseg_lib.models.segmenter import Segmenter
from tests.helpers.archives import photo
from tests.helpers.models import SIZE, save_random_model


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_random_model(tmp_path_factory.mktemp("model"))


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LESIONSEG_RUNS", raising=False)


def predict(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["predict", *map(str, arguments)])


def save_photo(path: Path, height: int = 40, width: int = 60, seed: int = 0, **options: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    PIL.Image.fromarray(photo(height, width, seed)).save(path, **options)
    return path


def mask_of(path: Path) -> np.ndarray:
    return np.array(PIL.Image.open(path))


def test_the_mask_is_the_models_probabilities_at_the_photos_size_cut_at_the_threshold(
    model: Path, tmp_path: Path
) -> None:
    file = save_photo(tmp_path / "a.png", 90, 130)
    image = read_image(file)
    probabilities = Segmenter.load(model)[0].probabilities(image, SIZE)
    threshold = float(np.median(probabilities))  # so that the mask has both values
    result = predict(file, "--model", model, "--threshold", threshold)
    assert result.exit_code == 0, result.output
    mask = mask_of(tmp_path / "predictions" / "a_mask.png")
    assert (mask.dtype, mask.shape, np.unique(mask).tolist()) == (np.uint8, (90, 130), [0, 255])
    assert (mask == np.where(probabilities > threshold, 255, 0)).all()
    overlay = mask_of(tmp_path / "predictions" / "a_overlay.jpg")
    assert overlay.shape == (90, 130, 3)
    assert "1 of 1 photos done" in result.stdout and "Not a medical device" in result.stdout


def test_without_a_model_the_packages_own_network_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As after installation: nothing trained, nothing downloaded."""
    for variable in ("TORCH_HOME", "LESIONSEG_DATA", "LESIONSEG_RUNS"):
        monkeypatch.setenv(variable, str(tmp_path / "nothing"))
    lesion = SyntheticLesions(1, size=160, seed=5)
    PIL.Image.fromarray(lesion.image(0)).save(tmp_path / "a.png")
    result = predict("a.png")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("Model    the package's own network: feather-exact, on ")
    mask = mask_of(tmp_path / "predictions" / "a_mask.png") > 0
    assert (mask & lesion.truth(0)).sum() / (mask | lesion.truth(0)).sum() > 0.5


def test_a_recipe_chooses_another_network(model: Path, tmp_path: Path) -> None:
    result = predict(save_photo(tmp_path / "a.png"), "--recipe", model)
    assert result.stdout.startswith(f"Model    {model}: transposed-frozen, on ")


def test_a_damaged_network_of_the_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shipped, "PRETRAINED", tmp_path / "pretrained")
    result = predict(save_photo(tmp_path / "a.png"))
    assert result.exit_code == 2 and result.stderr.startswith("Error: The network that the package carries cannot be")
    assert "no saved model here" in result.stderr and "nstall the package again" in result.stderr


def test_the_models_own_threshold_is_the_default(tmp_path: Path) -> None:
    file = save_photo(tmp_path / "a.png")
    for threshold, value in ((0.0, 255), (1.0, 0)):
        folder = save_random_model(tmp_path / f"model{threshold}", threshold=threshold)
        result = predict(file, "--model", folder, "--out", tmp_path / f"out{threshold}")
        assert np.unique(mask_of(tmp_path / f"out{threshold}" / "a_mask.png")).tolist() == [value]
        assert ("NO lesion found" in result.stdout) == (value == 0)


@pytest.mark.parametrize("threshold", [-0.1, 1.5])
def test_a_threshold_is_a_probability(model: Path, tmp_path: Path, threshold: float) -> None:
    result = predict(save_photo(tmp_path / "a.png"), "--model", model, "--threshold", threshold)
    assert result.exit_code == 2 and "--threshold" in result.stderr


def _grey(path: Path) -> None:
    PIL.Image.fromarray(photo(40, 60)[..., 0]).save(path)


def _cmyk(path: Path) -> None:
    PIL.Image.fromarray(photo(40, 60)).convert("CMYK").save(path, format="JPEG")


def _with_alpha(path: Path) -> None:
    PIL.Image.fromarray(photo(40, 60)).convert("RGBA").save(path, format="PNG")


@pytest.mark.parametrize(("write", "name"), [(_grey, "a.jpg"), (_cmyk, "a.jpg"), (_with_alpha, "a.png")])
def test_photos_of_every_colour_space_are_read(model: Path, tmp_path: Path, write: Any, name: str) -> None:
    write(tmp_path / name)
    assert predict(tmp_path / name, "--model", model).exit_code == 0
    assert mask_of(tmp_path / "predictions" / "a_mask.png").shape == (40, 60)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 300), (700, 3)])
def test_photos_of_odd_sizes_get_masks_of_their_size(model: Path, tmp_path: Path, height: int, width: int) -> None:
    result = predict(save_photo(tmp_path / "a.png", height, width), "--model", model)
    assert result.exit_code == 0, result.output
    assert mask_of(tmp_path / "predictions" / "a_mask.png").shape == (height, width)


@pytest.mark.parametrize(("orientation", "size"), [(1, (40, 60)), (3, (40, 60)), (6, (60, 40)), (8, (60, 40))])
def test_a_turned_photo_gets_an_upright_mask_and_a_note(
    model: Path, tmp_path: Path, orientation: int, size: tuple[int, int]
) -> None:
    exif = PIL.Image.Exif()
    exif[0x0112] = orientation
    file = save_photo(tmp_path / "a.jpg", exif=exif)
    result = predict(file, "--model", model)
    assert upright_size(file) == size
    assert mask_of(tmp_path / "predictions" / "a_mask.png").shape == size
    assert ("as its EXIF orientation asks" in result.stderr) == (orientation != 1)


def test_a_photo_of_108_megapixels_gets_a_mask_of_its_size_and_a_smaller_overlay(model: Path, tmp_path: Path) -> None:
    PIL.Image.new("RGB", (12_000, 9_000), (200, 160, 140)).save(tmp_path / "huge.jpg")
    result = predict(tmp_path / "huge.jpg", "--model", model)
    assert result.exit_code == 0, result.output
    with PIL.Image.open(tmp_path / "predictions" / "huge_overlay.jpg") as overlay:
        assert overlay.size == (4096, 3072)
    assert upright_size(tmp_path / "predictions" / "huge_mask.png") == (9_000, 12_000)


def _cut_short(path: Path) -> None:
    save_photo(path, 200, 200)
    path.write_bytes(path.read_bytes()[:2000])


def _web_page(path: Path) -> None:
    path.write_text("<html>Please log in</html>")


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _missing(path: Path) -> None:
    pass


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [(_cut_short, "cut short"), (_web_page, "not an image"), (_empty, "0 bytes"), (_missing, "No such file")],
)
def test_a_bad_photo_does_not_stop_the_others(model: Path, tmp_path: Path, spoil: Any, complaint: str) -> None:
    good = [save_photo(tmp_path / f"{name}.jpg") for name in "ac"]
    spoil(tmp_path / "b.jpg")
    result = predict(good[0], tmp_path / "b.jpg", good[1], "--model", model)
    assert result.exit_code == 1
    assert sorted(file.name for file in (tmp_path / "predictions").iterdir()) == [
        "a_mask.png", "a_overlay.jpg", "c_mask.png", "c_overlay.jpg",
    ]  # fmt: skip
    assert "2 of 3 photos done" in result.stdout
    last = result.stderr.splitlines()[-1]
    assert last.startswith("Error: ") and "b.jpg" in last and complaint in last
    assert "Traceback" not in result.output


def test_a_folder_gives_its_photos_without_masks_overlays_and_other_files(model: Path, tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    names = ["a.jpg", "B.PNG", "a_mask.png", "a_overlay.jpg", "c_Segmentation.png", ".hidden.jpg"]
    for name in names:
        save_photo(folder / name)
    (folder / "notes.txt").write_text("")
    save_photo(folder / "sub" / "d.jpg")
    photos, aside = collect_photos([folder])
    assert [file.name for file in photos] == ["B.PNG", "a.jpg"]
    assert {file.name for file in aside} == {*names[2:], "notes.txt", "sub"}
    result = predict(folder, "--model", model)
    assert result.exit_code == 0 and "Left aside, not photos: " in result.stdout


def test_a_file_named_twice_is_predicted_once(tmp_path: Path) -> None:
    file = save_photo(tmp_path / "photos" / "a.jpg")
    assert collect_photos([file, tmp_path / "photos", Path("photos/../photos/a.jpg")])[0] == [file]


def test_a_folder_without_photos_is_an_error(model: Path, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    result = predict(tmp_path / "photos", "--model", model)
    assert result.exit_code == 1 and "0 of 0 photos done" in result.stdout


@pytest.mark.parametrize(
    ("photos", "names"),
    [
        (["x/a.jpg", "x/b.jpg"], ["a", "b"]),
        (["day1/a.jpg", "day2/a.jpg", "day2/b.jpg"], ["day1-a-jpg", "day2-a-jpg", "b"]),
        (["x/a.jpg", "x/a.png"], ["x-a-jpg", "x-a-png"]),
        (["x/a.jpg", "x/A.png"], ["x-a-jpg", "x-A-png"]),  # one file on macOS
        (["1/x/a.jpg", "2/x/a.jpg"], ["x-a-jpg", "x-a-jpg-2"]),
        (["1/a.jpg", "2/a.jpg", "2/1-a-jpg.png"], ["1-a-jpg-2", "2-a-jpg", "1-a-jpg"]),
    ],
)
def test_no_two_photos_share_an_output(photos: list[str], names: list[str]) -> None:
    assert output_names([Path(photo) for photo in photos]) == names


def test_photos_of_the_same_name_in_two_folders_both_get_their_mask(model: Path, tmp_path: Path) -> None:
    files = [save_photo(tmp_path / day / "a.png", side, side) for day, side in (("day1", 30), ("day2", 50))]
    assert predict(*files, "--model", model).exit_code == 0
    shapes = {day: mask_of(tmp_path / "predictions" / f"{day}-a-png_mask.png").shape for day in ("day1", "day2")}
    assert shapes == {"day1": (30, 30), "day2": (50, 50)}


def test_what_exists_is_only_replaced_on_request(model: Path, tmp_path: Path) -> None:
    file = save_photo(tmp_path / "a.jpg")
    drawn_by_hand = tmp_path / "masks" / "a_mask.png"
    save_photo(drawn_by_hand)
    before = drawn_by_hand.read_bytes()
    result = predict(file, "--model", model, "--out", tmp_path / "masks")
    assert result.exit_code == 1 and "--overwrite" in result.stderr
    assert drawn_by_hand.read_bytes() == before and not (tmp_path / "masks" / "a_overlay.jpg").exists()
    assert predict(file, "--model", model, "--out", tmp_path / "masks", "--overwrite").exit_code == 0
    assert drawn_by_hand.read_bytes() != before


def test_a_photo_is_never_written_over(model: Path, tmp_path: Path) -> None:
    file, other = save_photo(tmp_path / "a.jpg"), save_photo(tmp_path / "a_overlay.jpg", seed=1)
    before = other.read_bytes()
    result = predict(file, other, "--model", model, "--out", tmp_path, "--overwrite")
    assert result.exit_code == 1 and "is one of the photos given" in result.stderr
    assert other.read_bytes() == before and not (tmp_path / "a_mask.png").exists()
    assert (tmp_path / "a_overlay_mask.png").exists()


def test_an_output_folder_that_cannot_be_made_is_named(model: Path, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    result = predict(save_photo(tmp_path / "a.jpg"), "--model", model, "--out", tmp_path / "out")
    assert result.exit_code == 1 and f"cannot be written to {tmp_path / 'out'}" in result.stderr


def test_the_outline_is_drawn_around_the_mask_and_nowhere_else() -> None:
    image = np.full((60, 60, 3), 100, np.uint8)
    mask = np.zeros((60, 60), bool)
    mask[20:40, 20:40] = True
    drawn = draw_outline(image, mask)
    assert (image == 100).all()
    changed = (drawn != 100).any(-1)
    assert changed[20, 20:40].all() and changed[39, 20:40].all() and changed[20:40, 20].all()
    assert not changed[24:36, 24:36].any() and not changed[:16].any() and not changed[44:].any()
    assert (draw_outline(image, np.zeros((60, 60), bool)) == image).all()


def test_a_damaged_model_is_named_before_any_photo_is_read(tmp_path: Path) -> None:
    folder = save_random_model(tmp_path / "model")
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    result = predict(save_photo(tmp_path / "a.jpg"), "--model", folder)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"Error: {weights}") and "Traceback" not in result.output
    assert not (tmp_path / "predictions").exists()
