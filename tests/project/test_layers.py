"""Who may import whom, what stays free of torch, and how long a file may be."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import lesionseg_lib

ROOT = Path(lesionseg_lib.__file__).parent
ORDER = (
    "errors", "names", "files", "datasets", "exploring", "pairing", "mispairs", "lookalikes", "cache", "transforms",
    "worker_draws", "encoder", "decoders", "segmenter", "losses", "one_pixel", "linear_head", "metrics", "boundaries",
    "calibration", "failures", "error_bands", "recipes", "profiles", "batches", "checkpoints", "training", "feeding",
    "evaluation", "readings", "probing", "receptive_field", "cost", "records", "experiment", "baselines", "tables",
    "claims", "comparison", "effects", "band", "study", "ranking", "listings", "scoring", "prediction", "runner",
    "plots", "widgets", "threshold_widget", "lessons", "clinic", "exercises", "console", "cli", "__main__",
)  # fmt: skip
"""A module imports only modules to its left. A new one finds its place here first."""

LINES = 300
"""Files that may be longer, and how long: the pictures share their drawing."""

FILES = sorted(ROOT.rglob("*.py"))


def module_of(path: Path) -> str:
    """``datasets/isic.py`` -> ``datasets``; ``cache.py`` -> ``cache``."""
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(path: Path, at_load: bool = False) -> Iterator[str]:
    """Dotted names that a file imports; ``at_load``: only those that importing the file itself runs."""
    found = []

    def visit(node: ast.AST) -> None:
        if at_load and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            return
        if at_load and isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            return
        if isinstance(node, ast.Import):
            found.extend(alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import hides which module it names"
            found.extend([node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)])
        for child in ast.iter_child_nodes(node):
            visit(child)

    visit(tree(path))
    return iter(found)


def neighbours(path: Path, at_load: bool = False) -> set[str]:
    """Modules of the library that a file imports, without its own."""
    names = (name.split(".") for name in imports(path, at_load) if name.startswith("lesionseg_lib."))
    return {parts[1] for parts in names} - {module_of(path)}


def loaded_with(module: str) -> set[str]:
    """Top-level packages from outside that importing a module of the library loads."""
    todo, done, outside = {module}, set(), set()
    while todo:
        current = todo.pop()
        done.add(current)
        for path in FILES:
            if module_of(path) == current:
                todo |= neighbours(path, at_load=True) - done
                outside |= {name.split(".")[0] for name in imports(path, at_load=True)} - {"lesionseg_lib"}
    return outside


def test_every_module_has_its_place() -> None:
    modules = {module_of(path) for path in FILES} - {"__init__"}
    assert modules == set(ORDER), "put a new module into ORDER, to the right of all it imports"
    assert len(set(ORDER)) == len(ORDER)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_imports_only_what_stands_left_of_it(path: Path) -> None:
    if path == ROOT / "__init__.py":
        assert not list(imports(path)), "importing the package loads nothing"
        return
    wrong = {name for name in neighbours(path) if ORDER.index(name) >= ORDER.index(module_of(path))}
    assert not wrong, f"{path.name} imports {wrong}, which stand right of it"


@pytest.mark.parametrize(
    "module",
    ["errors", "names", "files", "datasets", "cache", "metrics", "recipes", "records", "comparison", "plots", "cli"],
)
def test_what_needs_no_network_loads_no_torch(module: str) -> None:
    assert not loaded_with(module) & {"torch", "torchvision", "accelerate", "safetensors"}


def test_the_check_above_sees_torch_where_it_is() -> None:
    for module in ("encoder", "training", "experiment"):
        assert "torch" in loaded_with(module)


def test_metrics_need_numpy_and_nothing_else() -> None:
    assert loaded_with("metrics") - {"__future__", "collections", "dataclasses", "typing", "difflib"} == {"numpy"}


def test_data_sets_know_no_transform_and_plots_no_model() -> None:
    for path in FILES:
        if module_of(path) == "datasets":
            assert not neighbours(path) & {"transforms", "cache"}
        if module_of(path) == "plots":
            assert not neighbours(path) & {"encoder", "decoders", "segmenter", "training", "experiment"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_holds_one_idea(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines < LINES, f"{path.name} has {lines} lines; split it by ideas"
