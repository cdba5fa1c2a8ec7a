"""Checks of the lessons' exercises, which students run on their own answers.

``check("07.1", answer, ...)`` says not attempted, wrong, crashed or right, with a sentence that helps. No answer is
compared with a number of somebody's run: what is right is computed anew from the data, models and tables passed in, or
by asking a student's function about cases small enough to be worked out by hand. One file a lesson, whose graders
register themselves; a grader raises ``Wrong``, by the suspects of ``teaching.diagnosis``, and the first line of its
docstring is what it says when all is well.
"""

from importlib import import_module
from pkgutil import iter_modules

from lesionseg_lib.teaching.exercises.checking import check
from lesionseg_lib.teaching.exercises.registry import EXERCISES
from lesionseg_lib.teaching.verdicts import Verdict

for _module in iter_modules(__path__):
    if _module.name.startswith("lesson"):
        import_module(f"{__name__}.{_module.name}")

__all__ = ["EXERCISES", "Verdict", "check"]
