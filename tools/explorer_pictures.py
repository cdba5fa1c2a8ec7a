"""`make explorers`: the explorers' data that need trained networks, and their still pictures.

The pictures are for print and for readers without scripts.

A picture is what Chromium shows of the explorer before anybody has touched it. It carries the hash of what it was made
from, so that a test can tell when it has to be made anew.
"""

import hashlib
import importlib.util
import io
import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import PIL.Image
from PIL.PngImagePlugin import PngInfo
from playwright.sync_api import sync_playwright

from lesionseg_lib.errors import LesionSegError
from lesionseg_lib.experiments.run_folder import RunFolder
from lesionseg_lib.teaching import lessons
from tools import ROOT
from tools.explorers import EXPLORERS, NETWORKS, write_built
from tools.scripts import read_script, script

WIDTH, SHARPNESS, COLOURS = 760, 1.5, 128
STYLE = (
    "body { font: 16px/1.65 sans-serif; margin: 0 auto; max-width: 760px; padding: 0 8px }"
    "[data-theme=dark] body { background: #14181e; color: #ced6dd }"
)


def extension() -> Any:
    """The book's extension, which lies where Sphinx looks for it."""
    spec = importlib.util.spec_from_file_location("explorers_directive", ROOT / "book" / "_ext" / "explorers.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def write_pages(folder: Path, source: Path = EXPLORERS) -> dict[str, Path]:
    """A page of its own for each explorer in `source` whose data are there, in `folder`: name -> path."""
    shutil.copytree(source, folder / "explorers", dirs_exist_ok=True)
    write_built(ROOT / "results", folder / "explorers")
    directive, pages = extension(), {}
    for name, entry in directive.read_entries(source).items():
        if not ready(name, folder / "explorers"):
            continue
        figure = directive.figure(name, entry, "explorers", folder / "explorers")
        pages[name] = folder / f"{name}.html"
        pages[name].write_text(
            f'<!doctype html><html lang="en" data-theme="light"><head><meta charset="utf-8"><title>{name}</title>'
            f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{STYLE}</style></head>'
            f"<body><main><h1>{name}</h1>{figure}</main></body></html>",
            encoding="utf-8",
        )
    return pages


def ready(name: str, folder: Path = EXPLORERS) -> bool:
    """Whether an explorer can be shown: one that needs a network waits until `make explorers` has found it."""
    return name not in NETWORKS or (folder / name / "data.js").exists()


def source_sha256(name: str, folder: Path) -> str:
    """Hash of what a picture shows: code, and data but for what machines round otherwise: a JPEG, a network's map."""
    files = [folder / "shared.js", folder / "shared.css", folder / name / "explorer.js"]
    parts = [path.read_text(encoding="utf-8") for path in files]
    if (folder / name / "data.js").exists():
        data = read_script(folder / name / "data.js")
        parts.append(json.dumps({key: value for key, value in data.items() if key not in ("photo", "map")}))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def write_pictures(chromium: str) -> list[str]:
    """Make every picture whose source has changed; return the names."""
    made = []
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        pages, folder = write_pages(Path(place)), Path(place) / "explorers"
        for name, path in pages.items():
            still = EXPLORERS / name / "still.png"
            source = source_sha256(name, folder)
            if still.exists() and PIL.Image.open(still).info.get("source") == source:
                continue
            page = browser.new_page(
                viewport={"width": WIDTH, "height": 900}, device_scale_factor=SHARPNESS, reduced_motion="reduce"
            )
            page.goto(path.as_uri())
            page.wait_for_selector(".explorer.is-live")
            page.wait_for_timeout(500)  # canvases paint in the next frame
            shot = page.locator(".explorer-body").screenshot()
            page.close()
            about = PngInfo()
            about.add_text("source", source)
            picture = PIL.Image.open(io.BytesIO(shot)).convert("RGB")
            picture.quantize(COLOURS, dither=PIL.Image.Dither.NONE).save(still, optimize=True, pnginfo=about)
            made.append(name)
        browser.close()
    return made


def main() -> None:
    lesson = lessons.start("full")
    for name, (recipe, make) in NETWORKS.items():
        run = RunFolder(lesson.runs, lesson.profile, recipe, 0)
        if run.best.exists():
            (EXPLORERS / name / "data.js").write_text(script(name, make(lesson)), encoding="utf-8")
        else:
            print(f"{name} is left as it is: {run.best} is not there; LESIONSEG_RUNS says where recorded runs lie")
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        sys.exit("The pictures need Chromium: apt install chromium")
    print(f"Pictures made: {', '.join(write_pictures(chromium)) or 'none, all are as their sources'}")


if __name__ == "__main__":
    try:
        main()
    except LesionSegError as error:
        sys.exit(str(error))
