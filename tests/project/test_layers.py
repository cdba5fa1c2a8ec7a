"""Who may import whom, what stays free of torch, which ``__init__`` hands names on, and how long a file may be.

The folders, from the bottom up::

    errors < utils < data < { models, plots } < evaluation < training < results < experiments
           < teaching < assignments < cli
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import lesionseg_lib
from tools import ROOT

PACKAGE = Path(lesionseg_lib.__file__).parent
LEVELS = (
    {"errors"}, {"utils"}, {"data"}, {"models", "plots"}, {"evaluation"}, {"training"}, {"results"}, {"experiments"},
    {"teaching"}, {"assignments"}, {"cli"}, {"__main__"},
)  # fmt: skip
"""A folder knows those before it; folders that stand together do not know each other."""

FACES = {"data", "data/datasets", "models", "models/decoders", "plots"}
"""Folders of the core that hand names on; so does every sub-package of ``teaching``."""

TORCH = {"torch", "torchvision", "accelerate", "safetensors"}
WITHOUT_TORCH = (
    "errors.py", "utils", "data", "results", "plots", "training/recipes.py", "evaluation/metrics.py",
    "evaluation/bootstrap.py", "evaluation/boundaries.py", "evaluation/calibration.py", "cli/app.py", "cli/console.py",
    "cli/tables.py", "cli/compare.py",
)  # fmt: skip
WITH_TORCH = {"data/transforms.py"}

FILES = sorted(PACKAGE.rglob("*.py"))
INITS = [path for path in FILES if path.name == "__init__.py" and path.parent != PACKAGE]
TESTS = sorted((ROOT / "tests").rglob("*.py"))


def place(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


each_file = pytest.mark.parametrize("path", FILES, ids=place)


def folder_of(path: Path) -> str:
    """``data/datasets/isic.py`` -> ``data``; ``errors.py`` -> ``errors``."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def level_of(folder: str) -> int:
    return next(number for number, level in enumerate(LEVELS) if folder in level)


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def imports(path: Path, at_load: bool = False) -> tuple[str, ...]:
    """Dotted names that a file imports; ``at_load``: only those that importing the file itself runs."""
    return tuple(_imports(tree(path), at_load, path))


def _imports(node: ast.AST, at_load: bool, path: Path) -> Iterator[str]:
    if at_load and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        return
    if at_load and isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
        return
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    if isinstance(node, ast.ImportFrom):
        assert node.level == 0, f"{path}: a relative import hides which module it names"
        yield from (f"{node.module}.{alias.name}" for alias in node.names)
    for child in ast.iter_child_nodes(node):
        yield from _imports(child, at_load, path)


def file_of(name: str) -> Path | None:
    """The file of a dotted name of the library: of the module, or of the module that holds the name."""
    parts = name.split(".")
    if parts[0] != "lesionseg_lib":
        return None
    for wanted in (parts[1:], parts[1:-1]):
        at = PACKAGE.joinpath(*wanted)
        for path in (at.with_suffix(".py"), at / "__init__.py"):
            if path.is_file():
                return path
    raise AssertionError(f"{name} names no file")


def neighbours(path: Path, at_load: bool = False) -> set[Path]:
    """Files of the library that a file names in its imports."""
    return {file for name in imports(path, at_load) if (file := file_of(name)) is not None} - {path}


def run_by(path: Path) -> set[Path]:
    """Files that Python runs to import this one: what it names, and the ``__init__`` of every folder on the way."""
    named = neighbours(path, at_load=True) | {path}
    inits = {
        folder / "__init__.py" for file in named for folder in file.parents if folder.is_relative_to(PACKAGE)
    }  # fmt: skip
    return (named | inits) - {path}


@cache
def loaded_with(path: Path) -> frozenset[str]:
    """Top-level packages from outside that importing a file of the library loads."""
    todo, done = {path}, set()
    while todo:
        done.add(todo.pop())
        todo = {file for one in done for file in run_by(one)} - done
    return frozenset(name.split(".")[0] for one in done for name in imports(one, at_load=True)) - {"lesionseg_lib"}


def files_in(name: str) -> list[Path]:
    return [PACKAGE / name] if name.endswith(".py") else sorted((PACKAGE / name).rglob("*.py"))


# ---- 1: who may import whom


def test_every_folder_has_its_level() -> None:
    folders = {folder_of(path) for path in FILES} - {"__init__"}
    assert folders == set().union(*LEVELS), "put a new folder into LEVELS, after all that it imports"


@each_file
def test_a_file_imports_from_its_own_folder_and_from_folders_before_it(path: Path) -> None:
    if path == PACKAGE / "__init__.py":
        assert not imports(path), "importing the package loads nothing"
        return
    mine = folder_of(path)
    later = {
        place(file) for file in neighbours(path)
        if folder_of(file) not in (mine, "__init__") and level_of(folder_of(file)) >= level_of(mine)
    }  # fmt: skip
    assert not later, f"{place(path)} imports {', '.join(sorted(later))}: not before {mine} in {__doc__}"


@each_file
def test_a_file_names_files_of_its_own_folder_and_not_the_face_that_names_it(path: Path) -> None:
    """The face is not there yet while Python runs what it hands on."""
    own = {folder / "__init__.py" for folder in path.parents if folder.is_relative_to(PACKAGE)} - {path}
    faces = {place(file) for file in neighbours(path, at_load=True) & own}
    assert not faces, f"{place(path)}: name the file that defines it, not {', '.join(sorted(faces))}"


def test_data_sets_know_neither_splits_nor_cache_nor_transforms() -> None:
    for path in files_in("data/datasets"):
        above = {place(file) for file in neighbours(path)} & {"data/splits.py", "data/cache.py", "data/transforms.py"}
        assert not above, f"{place(path)} imports {above}"


def test_no_file_imports_itself_by_a_detour() -> None:
    circles = set()
    for path in FILES:
        todo, done = set(neighbours(path, at_load=True)), set()
        while todo:
            done.add(todo.pop())
            todo = (todo | {file for one in done for file in neighbours(one, at_load=True)}) - done
        if path in done:
            circles.add(place(path))
    assert circles == set()


# ---- 2: the core knows no lesson


def test_the_core_knows_no_lesson_and_no_command() -> None:
    core = [path for path in FILES if folder_of(path) not in ("teaching", "assignments", "cli", "__main__")]
    assert len(core) > 60
    knowing = {
        place(path) for path in core for file in neighbours(path)
        if folder_of(file) in ("teaching", "assignments", "cli")
    }  # fmt: skip
    assert knowing == set()


# ---- 3: without torch


@pytest.mark.parametrize(
    "path", [path for name in WITHOUT_TORCH for path in files_in(name) if place(path) not in WITH_TORCH], ids=place
)
def test_what_needs_no_network_loads_no_torch(path: Path) -> None:
    assert not loaded_with(path) & TORCH


@pytest.mark.parametrize("name", ["models/cost.py", "models/__init__.py", "training/loop.py", "experiments/run.py"])
def test_the_check_above_sees_torch_where_it_is(name: str) -> None:
    assert "torch" in loaded_with(PACKAGE / name)


def test_a_face_on_the_way_is_loaded_too() -> None:
    """``models/postprocessing.py`` itself names no torch; importing it runs ``models/__init__.py``, which does."""
    path = PACKAGE / "models" / "postprocessing.py"
    assert not {name.split(".")[0] for name in imports(path, at_load=True)} & TORCH
    assert "torch" in loaded_with(path)


def test_metrics_need_numpy_and_nothing_else() -> None:
    standard = {"__future__", "collections", "dataclasses", "typing", "difflib", "reprlib"}
    assert loaded_with(PACKAGE / "evaluation" / "metrics.py") - standard == {"numpy"}


# ---- 4: faces


@pytest.mark.parametrize("path", INITS, ids=place)
def test_an_init_hands_names_on_or_holds_a_docstring_and_nothing_else(path: Path) -> None:
    folder = place(path.parent)
    docstring, *rest = tree(path).body
    assert ast.get_docstring(tree(path)), "say in a sentence what the folder holds"
    assert isinstance(docstring, ast.Expr)
    if folder in FACES or folder.startswith("teaching/"):
        assert rest, f"{folder} is to hand names on"
    else:
        assert not rest, f"{folder}/__init__.py loads what it imports for whoever wants one file of {folder}"


@pytest.mark.parametrize("folder", sorted(FACES))
def test_a_face_hands_on_what_it_lists(folder: str) -> None:
    module = __import__(f"lesionseg_lib.{folder.replace('/', '.')}", fromlist=["__all__"])
    assert sorted(module.__all__, key=str.lower) == sorted(set(module.__all__), key=str.lower)
    assert [name for name in module.__all__ if not hasattr(module, name)] == []


# ---- 5: length


@each_file
def test_a_file_holds_one_idea(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines < 300, f"{place(path)} has {lines} lines; split it by ideas"


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_test_file_tests_one_idea(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines < 400, f"{path.relative_to(ROOT)} has {lines} lines; split it by ideas"


# ---- the tests' own tree


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_test_imports_another_test(path: Path) -> None:
    own = ".".join(path.relative_to(ROOT).parent.parts)
    shared = ("tests.helpers.", *(f"{own}.{other.stem}" for other in path.parent.glob("[!t]*.py")))
    others = [
        name for name in imports(path) if name.startswith("tests.") and not name.startswith(shared) and name != own
    ]
    assert others == [], "put what several tests share into tests/helpers/, or beside them in their folder"


def test_every_file_has_its_tests_where_it_is_looked_for() -> None:
    """``data/cache.py`` in ``tests/data/test_cache.py``. Lessons' files are tested by lesson."""
    files = [path for path in FILES if not path.name.startswith("_") and folder_of(path) != "teaching"]
    missing = {place(path) for path in files if not _tests_of(path)}
    assert missing == set(TESTED_ELSEWHERE), "write its tests, or say in TESTED_ELSEWHERE where they are"
    for file in TESTED_ELSEWHERE.values():
        assert (ROOT / "tests" / file).exists(), file


def _tests_of(path: Path) -> bool:
    relative = path.relative_to(PACKAGE)
    return (ROOT / "tests" / relative.parent / f"test_{relative.name}").exists()


TESTED_ELSEWHERE = {
    "assignments/archive.py": "assignments/test_grading.py",  # the hostile pack
    "assignments/arrays.py": "assignments/test_files.py",
    "assignments/asking.py": "assignments/test_grading.py",
    "assignments/checks.py": "assignments/a1/test_checks.py",
    "assignments/feedback.py": "assignments/test_batches.py",
    "assignments/model.py": "assignments/a1/test_questions.py",
    "assignments/notebook.py": "assignments/test_masters.py",
    "assignments/registry.py": "assignments/test_masters.py",
    "assignments/a1/drawing.py": "assignments/a1/test_questions.py",
    "assignments/a1/rules.py": "assignments/a1/test_questions.py",
    "assignments/inside/child.py": "assignments/test_grading.py",
    "assignments/inside/launch.py": "assignments/test_sandbox.py",
    "assignments/inside/messages.py": "assignments/test_sandbox.py",
    "plots/sketch.py": "plots/test_schematics.py",
    "errors.py": "book/test_error_page.py",
    "cli/baseline.py": "cli/test_app.py",
    "cli/ladder.py": "results/test_ladder.py",
    "utils/arrays.py": "project/test_layers.py",  # names of types alone
    "data/datasets/synthetic_lesion.py": "data/datasets/test_synthetic.py",
    "data/datasets/synthetic_artefacts.py": "data/datasets/test_synthetic.py",
    "data/decoding.py": "data/test_mask_table.py",
    "data/mask_values.py": "data/test_mask_table.py",
    "data/opening.py": "data/test_photo_table.py",
    "cli/options.py": "cli/test_app.py",
    "cli/networks.py": "cli/test_predict.py",
    "models/about.py": "experiments/test_about_run.py",
    "models/onnx_network.py": "models/test_export.py",
    "models/weight_formats.py": "models/test_export.py",
    "models/decoders/aspp.py": "models/decoders/test_segnet.py",
    "models/decoders/attention.py": "models/decoders/test_segnet.py",
    "models/decoders/blocks.py": "models/decoders/test_all.py",
    "models/decoders/light.py": "models/decoders/test_all.py",
    "models/decoders/refine.py": "models/decoders/test_all.py",
}
