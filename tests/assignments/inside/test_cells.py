"""Which statements a function needs, and what running them leaves."""

from __future__ import annotations

import ast

from lesionseg_lib.assignments.inside import cells


def kept(*sources: str, names: tuple[str, ...] = ("f",)) -> str:
    return ast.unparse(ast.Module(cells.needed(cells.statements(sources)[0], names), [])).replace("\n\n", "\n")


def test_a_function_comes_with_what_it_names_and_with_nothing_else() -> None:
    found = kept(
        "import numpy as np\nimport torch", "EPS = 1e-6\nDATA = load()", "def helper(x):\n    return np.abs(x) + EPS",
        "train(DATA)", "for i in range(10**9): pass", "def f(x):\n    return helper(x)",
    )  # fmt: skip
    assert found.split("\n") == [
        "import numpy as np", "EPS = 1e-06", "def helper(x):", "    return np.abs(x) + EPS", "def f(x):",
        "    return helper(x)",
    ]  # fmt: skip


def test_names_are_followed_through_lambdas_branches_and_changes_of_a_table() -> None:
    assert kept("t = {}", "t['a'] = 1", "u = 2", "f = lambda x: t[x]") == "t = {}\nt['a'] = 1\nf = lambda x: t[x]"
    assert kept("try:\n    import a as b\nexcept ImportError:\n    b = None", "def f(): return b").startswith("try:")
    assert kept("from m import *", "def f(): return 1").startswith("from m import *")
    assert kept("class f(Base): pass", "class Base: pass").count("class") == 2


def test_magic_and_broken_cells_cost_only_themselves() -> None:
    found, unread = cells.statements(["%pip install x\n!ls\nx = 1", "def f(:", "%%bash\nls", "\0", "f = 2"])
    assert ast.unparse(ast.Module(found, [])) == "pass\npass\nx = 1\nf = 2"
    assert [line.partition(" (")[0] for line in unread] == ["code cell 2 cannot be read", "code cell 4 cannot be read"]


def test_a_name_defined_twice_is_said_and_the_last_one_counts() -> None:
    found, _ = cells.statements(["def f(): return 1", "def f(): return 2", "def g(): return 3"])
    assert cells.twice(found, ["f", "g"]) == ["f"]
    space, problems = cells.run(cells.needed(found, ["f"]), lambda work: work())
    assert space["f"]() == 2 and problems == [] and "g" not in space


def test_a_statement_that_fails_stops_no_other() -> None:
    found, _ = cells.statements(["import nothing_of_that_name as n", "def f(): return n", "def g(): return 1"])
    space, problems = cells.run(cells.needed(found, ["f", "g"]), lambda work: work())
    assert space["g"]() == 1
    assert problems == [({"n"}, "ModuleNotFoundError: No module named 'nothing_of_that_name'")]
