"""Causes: a mistake in the field's words, and the section of the course that explains it."""

import re
import tomllib
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, metadata
from importlib.resources import files

from lesionseg_lib.utils.lookup import look_up

LESSONS = {
    "01": "01_first_segmentation",
    "02": "02_know_your_data",
    "03": "03_what_is_a_good_mask",
    "04": "04_losses_and_optimisers",
    "05": "05_feeding_the_network",
    "06": "06_frozen_features",
    "07": "07_fine_tuning",
    "08": "08_skips",
    "09": "09_attention_gates",
    "10": "10_atrous_convolution",
    "11": "11_where_it_fails",
    "12": "12_which_decoder",
}


@dataclass(frozen=True)
class Cause:
    """One mistake. ``text`` is a clause without a full stop, ``where`` a lesson and the heading of a section."""

    key: str
    text: str
    where: str
    weight: float = 1.0
    """How unlikely it is beside others that explain the same: 1 is usual."""
    words: tuple[str, ...] = ()
    """Names that code which makes this mistake calls; they decide between causes with the same outcome."""

    @property
    def section(self) -> str:
        """Where to look, for a reader: 'lesson 03, "Averaged over what?"'."""
        lesson, _, heading = self.where.partition(": ")
        return f'lesson {lesson}, "{heading}"'


def _load() -> dict[str, Cause]:
    text = (files("lesionseg_lib") / "teaching" / "diagnosis" / "causes.toml").read_text(encoding="utf-8")
    return {
        key: Cause(key, row["text"], row["where"], float(row.get("weight", 1.0)), tuple(row.get("words", ())))
        for key, row in tomllib.loads(text).items()
    }


CAUSES: dict[str, Cause] = _load()
"""Key -> cause, all that the checks can name, from ``causes.toml``."""


def cause(key: str) -> Cause:
    """The cause of that key. Raises ``UnknownNameError``."""
    return look_up(CAUSES, key, "cause")


def link(where: str) -> str:
    """The address of a section, ``where`` being a lesson and a heading: the notebook in the course's repository."""
    lesson, _, heading = where.partition(": ")
    try:
        entries = metadata("lesionseg").get_all("Project-URL") or []
    except PackageNotFoundError:
        entries = []
    home = next((entry.split(", ")[1] for entry in entries if entry.startswith("Homepage")), "")
    anchor = re.sub(r"\s", "-", heading)
    return f"{home}/blob/main/notebooks/{LESSONS[lesson]}.ipynb#{anchor}".lstrip("/")
