"""`make course`: run every lesson here, render the book from them, say where it is. Changes no tracked file."""

import os
import shutil
import sys
import time
from pathlib import Path
from typing import Any

from lesionseg_lib.errors import LesionSegError
from tools import ROOT, TextError
from tools.book import BookError, build, stage
from tools.execute import LessonError, execute
from tools.notebooks import sources, write
from tools.situation import situation

COURSE = ROOT / "_build" / "course"
NOTEBOOKS = COURSE / "notebooks"


def main(profile: str, *numbers: str) -> None:
    """Run every lesson and render the book; with ``numbers`` ("05", "12") only those lessons, and no book."""
    _prepare_environment(profile)
    found = situation(profile)
    print(f"The course in profile {profile}")
    for name in ("data", "device", "weights"):
        print(f"  {name + ':':9}{found[name]}")
    start = time.monotonic()
    lessons = run_lessons([s for s in sources() if not numbers or s.stem[:2] in numbers], found)
    if numbers:
        return
    print("Rendering the book", flush=True)
    stage(lessons, COURSE / "book", ROOT / "results")
    page = build(COURSE / "book", COURSE / "html")
    print(f"Done in {time.monotonic() - start:.0f} s. Open {page.as_uri()}")


def _prepare_environment(profile: str) -> None:
    """Set what the kernels inherit. A lesson runs in its own folder, so paths must not depend on this one."""
    os.environ["LESIONSEG_PROFILE"] = profile
    if profile == "full":  # takes recorded runs, so it must know where they are
        os.environ.setdefault("LESIONSEG_RUNS", str(ROOT / "runs"))
    else:  # trains anew, once for all lessons
        shutil.rmtree(COURSE / "runs", ignore_errors=True)
        os.environ["LESIONSEG_RUNS"] = str(COURSE / "runs")
    os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"
    for name in ("LESIONSEG_DATA", "LESIONSEG_CACHE", "LESIONSEG_RESULTS", "LESIONSEG_RUNS", "TORCH_HOME"):
        if name in os.environ:
            os.environ[name] = str(Path(os.environ[name]).expanduser().absolute())


def run_lessons(lessons: list[Path], found: dict[str, Any]) -> list[Path]:
    """Write and run every lesson; return the executed notebooks."""
    shutil.rmtree(NOTEBOOKS, ignore_errors=True)
    print(f"Running {len(lessons)} lessons", flush=True)
    done = []
    for source in lessons:
        target = NOTEBOOKS / f"{source.stem}.ipynb"
        execute(write(source, ROOT / "results"), target, COURSE / "work" / source.stem, found)
        done.append(target)
    return done


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except (LessonError, LesionSegError, BookError, TextError) as error:
        sys.exit(f"\n{error}")
    except KeyboardInterrupt:
        sys.exit("\nStopped.")
