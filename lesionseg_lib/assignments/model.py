"""What an assignment is: questions with marks, files that are handed in, limits.

To write one: a folder ``assignments/aN/`` whose ``questions.py`` defines ``ASSIGNMENT``, and a line in
``assignments/registry.py``. Everything here is public, and so is every rule by which marks are given. Secret is one
thing alone, the course's secret (``variants``): the numbers of graded questions are drawn from it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from lesionseg_lib.assignments.comparing import equal
from lesionseg_lib.assignments.variants import Variant

if TYPE_CHECKING:
    from lesionseg_lib.assignments.hand_in import HandIn

Value = Any
"""What is asked and answered: None, bool, int, float, str, array; lists, tuples and string-keyed dicts of these."""


@dataclass(frozen=True)
class Given:
    """What questions are drawn from, for one student."""

    public: Variant
    """Drawn from the term's name: the student has it, too."""
    secret: Variant
    """Drawn from the course's secret: nobody but the grader has it."""
    arrays: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    """What the teacher's pack holds beside, under the names that ``make assignments`` gave them."""


@dataclass(frozen=True)
class Judgement:
    """Of one question: the share of its marks, 0 to 1, and a sentence for the student where marks are lost."""

    share: float
    said: str = ""


@dataclass(frozen=True)
class Case:
    """One call of a student's function, and what is right. The answer never leaves the grader's process.

    ``label`` says in words what is special about it: a student reads it where the answer was wrong. ``driver``: a
    function of the assignment's drivers that is called with the student's function and the arguments; "": the student's
    function itself is called.
    """

    label: str
    arguments: tuple[Value, ...]
    right: Value
    driver: str = ""


@dataclass(frozen=True)
class CodeQuestion:
    """A property of a student's function or class. Its marks are given when every case is answered rightly.

    Attributes:
        name: unique in the assignment, ``function.property``: "scores.empty".
        function: the name the notebook gives to the function or class.
        property: what is graded, as a student reads it.
        marks: for this property alone.
        reason: what a student reads where the marks are lost; names no answer.
        cases: draws the calls, for one student.
        same: (answer, right) -> whether they agree.
    """

    name: str
    function: str
    property: str
    marks: float
    reason: str
    cases: Callable[[Given], Sequence[Case]]
    same: Callable[[Value, Value], bool] = equal


@dataclass(frozen=True)
class FileQuestion:
    """A property of what lies in the zip; nothing of the student's runs. ``judge`` may give a share of the marks.

    The other attributes are those of ``CodeQuestion``. What ``judge`` raises costs the marks and is said as a fault.
    """

    name: str
    property: str
    marks: float
    reason: str
    judge: Callable[[HandIn, Given], Judgement]


Question = CodeQuestion | FileQuestion


@dataclass(frozen=True)
class FileRule:
    """A file of the zip: which reader takes it (``files.READERS``), how large it may be, whether it must be there."""

    kind: str
    largest: int
    needed: bool = True


@dataclass(frozen=True)
class Limits:
    """What the student's code may use. Seconds, bytes, and numbers of processes and files."""

    wall: float = 40.0
    """All questions together."""
    each: float = 10.0
    """One call, or one cell of the notebook."""
    cpu: int = 40
    memory: int = 1 << 30
    """Of one process; all of them together may have half as much again."""
    disk: int = 16 << 20
    files: int = 1000
    processes: int = 8
    answers: int = 16 << 20


@dataclass(frozen=True)
class Assignment:
    """All of an assignment that the library knows.

    Attributes:
        key: "a1".
        title: of the handout.
        questions: in the order of the feedback.
        files: name in the zip, or a pattern such as ``masks/*.png``, -> its rule. ``answers.json`` and
            ``notebook.ipynb`` are always there and are not listed.
        answers: keys of ``answers.json`` that must be there, and what each is.
        unchecked: what is graded and cannot be checked on the student's machine, in words.
        drivers: a file of Python that runs beside the student's code and asks more than a call can: a gradient, a
            forward pass with a skip set to zero. Its functions answer questions; they judge nothing.
        library: whether the student's code may import ``lesionseg_lib``.
        tensors: whether arrays are passed to the student's code as torch tensors.
        limits: see ``Limits``.
    """

    key: str
    title: str
    questions: tuple[Question, ...]
    answers: Mapping[str, str]
    unchecked: tuple[str, ...]
    files: Mapping[str, FileRule] = field(default_factory=dict)
    drivers: Path | None = None
    library: bool = False
    tensors: bool = False
    limits: Limits = field(default_factory=Limits)

    @property
    def marks(self) -> float:
        """Of all questions."""
        return sum(question.marks for question in self.questions)

    @property
    def functions(self) -> tuple[str, ...]:
        """Names that the notebook must define, each once."""
        named = [question.function for question in self.questions if isinstance(question, CodeQuestion)]
        return tuple(dict.fromkeys(named))
