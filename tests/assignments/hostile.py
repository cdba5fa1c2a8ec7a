"""Submissions that attack the grader or break it by accident, each with the marks it must get and words of its row.

Of the 15 marks read_mask has 2, to_native 3, scores 4, mean_jaccard 4, which calls scores, table and interval 2. So
whoever spoils ``scores`` alone keeps 7.
"""

from __future__ import annotations

import json
import pickle
import stat
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lesionseg_lib.assignments.hand_in import zipped
from tests.helpers.hand_ins import FULL, RIGHT, SCORES, members, right_answers, submit, with_function

WITHOUT_SCORES = 7.0
MARKER = "31415926"
"""Seconds that a process left behind would sleep: what it is known by."""


@dataclass(frozen=True)
class Hostile:
    """``build(folder, student, secrets)`` writes the zip; ``secrets``: a file that no student's code may read."""

    name: str
    marks: float
    says: str
    build: Callable[[Path, str, Path], Path]


HOSTILE: dict[str, Hostile] = {}


def hostile(name: str, marks: float, says: str) -> Callable[[Callable[[Path, str, Path], Path]], None]:
    def register(build: Callable[[Path, str, Path], Path]) -> None:
        HOSTILE[name] = Hostile(name, marks, says, build)

    return register


def of_scores(name: str, says: str, code: str, marks: float = WITHOUT_SCORES) -> None:
    """``scores`` with other code; SECRETS stands for the path of the pack, MARKS for that of the marks."""

    def build(folder: Path, student: str, secrets: Path) -> Path:
        text = code.replace("SECRETS", str(secrets)).replace("MARKS", str(secrets.with_name("marks.csv")))
        return submit(folder, student, with_function("scores", text))

    hostile(name, marks, says)(build)


def of_cells(name: str, marks: float, says: str, *cells: str) -> None:
    hostile(name, marks, says)(lambda folder, student, _: submit(folder, student, cells))


# ---- the eighteen that were tried on other graders

of_cells("right", FULL, "everything is right", *RIGHT.values())
of_scores("wrong on empty masks", "scores.empty: Where a mask is empty", SCORES.replace("1.0, 1.0", "0.0, 0.0"), 12.0)
hostile("unsolved", 0, "not attempted")(
    lambda folder, student, _: submit(folder, student, [f"def {name}(*given):\n    ...\n" for name in RIGHT], {})
)
of_scores("syntax error", "cannot be read (SyntaxError", "def scores(mask, truth:\n    return 1\n")
of_scores("renamed function", "defines no `scores`", SCORES.replace("def scores", "def score"))
of_cells("a cell that raises", FULL, "everything is right", "raise ValueError('no')", *RIGHT.values(), "1 / 0")
of_scores("endless loop", "longer than 10 seconds", "def scores(mask, truth):\n    while True:\n        pass\n")
of_scores("ends the process", "ended before it had answered", "import os\ndef scores(m, t):\n    os._exit(0)\n")
of_scores(
    "30 MB of prints", "everything is right",
    "import sys\n" + SCORES.replace("    both,", "    print('x' * 3_000_000, file=sys.stderr)\n    both,"), FULL,
)  # fmt: skip
of_scores(
    "3 GB of memory", "MemoryError", "import numpy as np\ndef scores(m, t):\n    return np.ones(3 << 27).sum(), 0\n"
)
of_cells("check cells deleted", FULL, "everything is right", *reversed(RIGHT.values()))
of_cells("copied cell", FULL, "scores is defined more than once", *RIGHT.values(), SCORES)


@hostile("code cell turned into markdown", WITHOUT_SCORES, "defines no `scores`")
def _(folder: Path, student: str, _: Path) -> Path:
    files = members(student)
    notebook = json.loads(files["notebook.ipynb"])
    notebook["cells"][2]["cell_type"] = "markdown"
    path = folder / f"a1-{student}.zip"
    path.write_bytes(zipped({**files, "notebook.ipynb": json.dumps(notebook).encode()}))
    return path


of_scores(
    "reads the pack", "FileNotFoundError", "def scores(m, t):\n    open('SECRETS', 'rb').read()\n    return 1.0, 1.0\n"
)
of_scores(
    "network", "Network is unreachable",
    "import socket\ndef scores(m, t):\n    socket.create_connection(('1.1.1.1', 80), 2)\n    return 1.0, 1.0\n",
)  # fmt: skip
of_scores(
    "lying number", "no number, array, list or dictionary",
    "class Lie(float):\n    def __eq__(self, other):\n        return True\n    __hash__ = None\n"
    "def scores(m, t):\n    return Lie(0.1), Lie(0.1)\n",
)  # fmt: skip
of_scores(
    "patches whatever it finds", "The first number is not the Jaccard index",
    "import sys\nimport numpy as np\n"
    "def scores(m, t):\n    np.allclose = np.array_equal = lambda *a, **k: True\n"
    "    for module in list(sys.modules.values()):\n        for name in ('equal', 'grade', 'same', 'judge'):\n"
    "            if hasattr(module, name):\n                setattr(module, name, lambda *a, **k: True)\n"
    "    return 0.1, 0.1\n",
)  # fmt: skip


class _Payload:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.path,)


@hostile("own pickle", FULL, "everything is right")
def _(folder: Path, student: str, secrets: Path) -> Path:
    bad = pickle.dumps(_Payload(secrets.with_name("unpickled")))
    path = folder / f"a1-{student}.zip"
    path.write_bytes(zipped({**members(student), "answers.pkl": bad, "weights.pt": bad, "arrays/x.npz": bad}))
    return path


# ---- processes

of_scores(
    "fork bomb", "longer than 10 seconds",
    "import os\ndef scores(m, t):\n    while True:\n        try:\n            os.fork()\n"
    "        except OSError:\n            pass\n",
)  # fmt: skip
of_scores(
    "sleeps through every alarm", "stopped after 40 seconds",
    "import time\ndef scores(m, t):\n    while True:\n        try:\n            time.sleep(1000)\n"
    "        except BaseException:\n            pass\n",
)  # fmt: skip
of_scores(
    "signals everybody", "everything is right",
    "import os\nfrom contextlib import suppress\n" + SCORES.replace("    both,", """\
    for pid in (os.getppid(), 1, -1, 0, *range(3, 3000)):
        for number in (9, 15, 19):
            with suppress(OSError):
                if pid not in (0, os.getpid()):
                    os.kill(pid, number)
    both,""", 1), FULL,
)  # fmt: skip
of_scores(
    "leaves a process behind", "everything is right",
    "import os\nimport subprocess\nimport sys\n" + SCORES.replace("    both,", f"""\
    if not os.path.exists('once'):
        open('once', 'w').close()
        subprocess.Popen([sys.executable, '-S', '-c', 'import time; time.sleep({MARKER})'], start_new_session=True)
    both,""", 1), FULL,
)  # fmt: skip
of_scores(
    "writes to the marks", "stopped for",
    "def scores(m, t):\n    open('MARKS', 'w').write('id,marks')\n    return 1.0, 1.0\n",
)  # fmt: skip
of_scores(
    "fills the disk", "No space left on device",
    "def scores(m, t):\n    for n in range(100):\n        open(f'f{n}', 'wb').write(bytes(1 << 22))\n"
    "    return 1.0, 1.0\n",
)  # fmt: skip
of_scores(
    "floods the answers", "more than 16 MiB",
    "import os\ndef scores(m, t):\n    while True:\n        for fd in range(3, 60):\n            try:\n"
    "                os.write(fd, bytes(1 << 16))\n            except OSError:\n                pass\n",
)  # fmt: skip
of_scores(
    "asks the library", "No module named",
    "def scores(m, t):\n    from lesionseg_lib.evaluation import metrics\n    return 1.0, 1.0\n",
)  # fmt: skip
of_scores("nested without end", "cannot be read", "def scores(m, t):\n    return " + "(" * 5000 + ")" * 5000 + "\n")

# ---- archives


def of_archive(name: str, says: str, change: Callable[[zipfile.ZipFile], None]) -> None:
    def build(folder: Path, student: str, _: Path) -> Path:
        path = submit(folder, student)
        with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
            change(archive)
        return path

    hostile(name, 0, says)(build)


def _link() -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("masks")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


of_archive("upwards", "leads out of it", lambda archive: archive.writestr("../../evil.py", "x"))
of_archive("absolute", "leads out of it", lambda archive: archive.writestr("/etc/cron.d/evil", "x"))
of_archive("with a drive", "leads out of it", lambda archive: archive.writestr("C:/evil.exe", "x"))
of_archive("a link", "is a link", lambda archive: archive.writestr(_link(), "/etc/passwd"))
of_archive(
    "ten thousand files", "expected at most 500",
    lambda archive: [archive.writestr(f"f{number}", "") for number in range(10_000)],  # type: ignore[arg-type, return-value]
)  # fmt: skip


def of_member(name: str, marks: float, says: str, member: str, content: bytes) -> None:
    def build(folder: Path, student: str, _: Path) -> Path:
        path = folder / f"a1-{student}.zip"
        path.write_bytes(zipped({**members(student), member: content}))
        return path

    hostile(name, marks, says)(build)


of_member("a bomb", 0, "unpacks to more than", "notebook.ipynb", bytes(300 << 20))
of_member("answers that are no UTF-8", 0, "not UTF-8", "answers.json", b'{"format": 1, "x": "\xff"}')
of_member("a notebook that is no UTF-8", 2, "not UTF-8", "notebook.ipynb", b"\xff\xfe{")
of_member("answers of brackets", 0, "no JSON that can be read", "answers.json", b"[" * 200_000)
hostile("no zip", 0, "no zip that can be read")(
    lambda folder, student, _: _written(folder / f"a1-{student}.zip", b"PK\3\4 not really")
)
hostile("another student's id", 0, "two different students")(
    lambda folder, student, _: _written(folder / f"a1-{student}.zip", zipped(members("somebody-else")))
)


@hostile("edited answers", 13, "`table` is off for")
def _(folder: Path, student: str, _: Path) -> Path:
    edited = {"table": dict.fromkeys(right_answers(student)["table"], 1.0), "interval": [1.0, 1.0]}
    return submit(folder, student, None, edited, marks=15, checks="8 of 8")


hostile("last year's answers", 13, "other photos than yours")(
    lambda folder, student, _: submit(folder, student, None, right_answers(student, "2025-test"))
)


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path
