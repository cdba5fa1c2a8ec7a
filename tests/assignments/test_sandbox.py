"""The walls: what a child sees, what it may use, and that nothing of it is left."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from lesionseg_lib.assignments import sandbox as module
from lesionseg_lib.assignments.inside import messages
from lesionseg_lib.assignments.model import Limits
from lesionseg_lib.assignments.sandbox import Sandbox
from lesionseg_lib.errors import AssignmentError
from tests.helpers.hand_ins import walled
from tools import ROOT

FREE = Limits(wall=60.0)


@pytest.fixture(scope="module")
def walls() -> Sandbox:
    return walled()


def said(sandbox: Sandbox, code: str, limits: Limits = FREE) -> str:
    return sandbox.run(b"", limits, ("-c", code)).output.decode().strip()


def test_a_child_sees_neither_this_checkout_nor_its_own_library(walls: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x", encoding="utf-8")
    for path in (ROOT / "pyproject.toml", tmp_path / "secret", Path("/etc/passwd"), Path("/proc/1/environ")):
        assert said(walls, f"import os; print(os.path.exists({str(path)!r}))") == "False"
    assert said(walls, "import lesionseg_lib.assignments.inside.messages as m; print(len(m.__doc__) > 9)") == "True"
    missing = "import importlib.util as u; print(u.find_spec('lesionseg_lib.evaluation'))"
    assert said(walls, missing) == "None"
    assert said(Sandbox(library=True), "import lesionseg_lib.evaluation.metrics; print('there')") == "there"


def test_a_child_has_no_network_no_rights_and_one_place_to_write(walls: Sandbox) -> None:
    code = "import os; print(sorted(n for n in os.listdir('/sys/class/net')) if os.path.exists('/sys') else 'no /sys')"
    assert said(walls, code) == "no /sys"
    assert said(walls, "import socket as s; print(s.socket().connect_ex(('127.0.0.1', 9)))") not in ("0", "")
    if os.geteuid() == 0:
        assert int(said(walls, "import os; print(os.getuid())")) >= module.FIRST_USER
    for place in ("/", "/usr", sys.prefix, "/dev", "/grading"):
        assert said(walls, f"import os; print(os.access({place!r}, os.W_OK))") == "False", place
    assert said(walls, "open('x', 'w').write('1'); print(open('/grading/work/x').read())") == "1"
    assert said(walls, "import os; print(sorted(os.environ)[:2], 'USER' in os.environ)").endswith("False")


@pytest.mark.parametrize("isolated", [True, False])
def test_a_child_that_does_not_end_is_ended_with_all_it_started(isolated: bool, walls: Sandbox) -> None:
    code = (
        "import subprocess, sys, time\n"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(2718281)'], start_new_session=True)\n"
        "time.sleep(99)"
    )
    start = time.monotonic()
    ended = Sandbox(isolated=isolated).run(b"", Limits(wall=4.0), ("-c", code))
    assert ended.reason == "time" and time.monotonic() - start < 30
    time.sleep(0.2)
    lines = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
    left = [line for line in lines if b"2718281" in line]
    assert left == []


@pytest.mark.parametrize("isolated", [True, False])
def test_limits_hold_with_and_without_walls(isolated: bool, walls: Sandbox) -> None:
    small = Limits(wall=60.0, memory=300 << 20)
    code = "\ntry:\n    x = bytearray(400 << 20)\n    print('had it')\nexcept MemoryError:\n    print('MemoryError')"
    assert said(Sandbox(isolated=isolated), code, small) == "MemoryError"
    flood = Sandbox(isolated=isolated).run(b"", Limits(answers=1 << 20), ("-c", "while True: print('x' * 9999)"))
    assert flood.reason == "answers" and len(flood.output) < 4 << 20


def test_shared_memory_of_several_is_added_up(walls: Sandbox) -> None:
    code = (
        "import mmap, time\nm = mmap.mmap(-1, 400 << 20)\nm.write(bytes(400 << 20))\ntime.sleep(30)\nprint('kept it')"
    )
    ended = walls.run(b"", Limits(wall=60.0, memory=150 << 20), ("-c", code))
    assert ended.reason == "memory" or b"kept it" not in ended.output


def test_another_system_is_refused_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(AssignmentError, match=r"This system \(darwin\) has no walls.*--trust"):
        Sandbox().demand_walls()
    Sandbox(isolated=False).demand_walls()


def test_walls_that_cannot_be_built_are_said(walls: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = Sandbox()
    broken.__dict__["_binds"] = [("/nowhere-at-all", "/nowhere-at-all")]
    with pytest.raises(AssignmentError, match=r"cannot be built here \(.*nowhere-at-all"):
        broken.demand_walls()


def test_messages_come_back_as_they_were() -> None:
    value = {"a": [1, None, True, "é", 2.5, (3, 4)], "b": np.arange(6).reshape(2, 3), "c": {"d": np.array([True])}}
    found = messages.decode(messages.encode(value))
    assert (
        found["a"] == value["a"]
        and found["b"].tolist() == [[0, 1, 2], [3, 4, 5]]
        and found["c"]["d"].tolist() == [True]
    )
    for bad in ({1: 2}, {1, 2}, object(), np.array([object()]), 1j):
        with pytest.raises(messages.Unsendable):
            messages.encode(bad)
    endless: list[object] = []
    endless.append(endless)
    with pytest.raises(messages.Unsendable):
        messages.encode(endless)
