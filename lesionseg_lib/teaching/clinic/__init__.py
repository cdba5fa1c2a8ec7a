"""The clinic of lesson 03: scoring code with one mistake each, to be found and cured.

``wrong`` holds the patients, ``right`` their cures, ``cases`` what the checker asks. ``check`` says whether a function
is cured; ``visit`` also shows what it does to the scores of a trained network, a ``Ward``.
"""

from lesionseg_lib.teaching.clinic.checker import check
from lesionseg_lib.teaching.clinic.ward import Ward, symptom, visit
from lesionseg_lib.teaching.verdicts import Verdict

__all__ = ["Verdict", "Ward", "check", "symptom", "visit"]
