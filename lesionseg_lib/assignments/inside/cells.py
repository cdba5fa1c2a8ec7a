"""Which statements of a notebook a function needs, and running just those.

Cells are never taken by their position. A function is found by its name, wherever it is defined; with it go the
imports, helpers and constants that it names, and theirs, from any cell. Everything else, a training, a plot, a loop
over the data, is left out, so a cell that fails or takes hours costs nothing. Of two definitions the last counts, as
in Python.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Sequence
from typing import Any

Problem = tuple[set[str], str]
"""Names that a statement would have given a value, and why it did not."""


def statements(cells: Sequence[str]) -> tuple[list[ast.stmt], list[str]]:
    """Top-level statements of all cells that can be read, and a sentence for each cell that cannot."""
    found: list[ast.stmt] = []
    unread: list[str] = []
    for number, cell in enumerate(cells, start=1):
        try:
            found += ast.parse(_without_magic(cell)).body
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            where = f", line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
            unread.append(f"code cell {number} cannot be read ({type(error).__name__}{where})")
    return found, unread


def _without_magic(cell: str) -> str:
    """A cell without lines that are for Jupyter: ``%pip ...``, ``!ls``; a whole ``%%bash`` cell is empty."""
    if cell.lstrip().startswith("%%"):
        return ""
    lines = cell.replace("\r\n", "\n").split("\n")
    kept = [line if line.lstrip()[:1] not in ("%", "!", "?") else _indentation(line) + "pass" for line in lines]
    return "\n".join(kept)


def _indentation(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def bound(statement: ast.stmt) -> set[str]:
    """Names that a statement gives a value, also where it changes what a name stands for: ``table["a"] = 1``."""
    found: set[str] = set()
    todo: list[ast.AST] = [statement]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
            continue  # what it binds inside is its own
        if isinstance(node, ast.Import | ast.ImportFrom):
            found |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
            found.add(node.id)
        if isinstance(node, ast.Subscript | ast.Attribute) and isinstance(node.ctx, ast.Store):
            base: ast.AST = node
            while isinstance(base, ast.Subscript | ast.Attribute):
                base = base.value
            if isinstance(base, ast.Name):
                found.add(base.id)
        if not isinstance(node, ast.Lambda):
            todo += ast.iter_child_nodes(node)
    return found


def named(statement: ast.stmt) -> set[str]:
    """Every name that a statement reads, its inner functions included."""
    return {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}


def needed(found: Sequence[ast.stmt], names: Iterable[str]) -> list[ast.stmt]:
    """The statements that these names need, in the notebook's order."""
    gives, reads = [bound(statement) for statement in found], [named(statement) for statement in found]
    wanted, chosen = {*names, "*"}, set[int]()
    while True:
        more = {n for n, names_given in enumerate(gives) if n not in chosen and names_given & wanted}
        if not more:
            return [found[n] for n in sorted(chosen)]
        chosen |= more
        wanted = wanted.union(*(reads[n] for n in more))


def twice(found: Sequence[ast.stmt], names: Iterable[str]) -> list[str]:
    """Those of the names that are defined more than once."""
    definitions = [s.name for s in found if isinstance(s, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)]
    return [name for name in names if definitions.count(name) > 1]


def run(
    chosen: Sequence[ast.stmt], guarded: Callable[[Callable[[], Any]], Any]
) -> tuple[dict[str, Any], list[Problem]]:
    """The names that the statements leave, and what went wrong in which of them; one that fails stops no other."""
    space: dict[str, Any] = {"__name__": "notebook", "__builtins__": __builtins__}
    problems: list[Problem] = []
    for statement in chosen:
        try:
            code = compile(ast.Module([statement], []), "<notebook>", "exec")
            guarded(lambda code=code: exec(code, space))  # type: ignore[misc]
        except BaseException as error:
            problems.append((bound(statement), f"{type(error).__name__}: {str(error)[:200]}"))
    return space, problems
