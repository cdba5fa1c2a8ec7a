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
"""Key -> cause, all that the checks can name, from ``causes.toml``.

:meta hide-value:
"""


def cause(key: str) -> Cause:
    """The cause of that key. Raises ``UnknownNameError``."""
    return look_up(CAUSES, key, "cause")


def published() -> str:
    """Where the book is published, from the address of the repository in the package's metadata; "" where unknown."""
    try:
        entries = metadata("lesionseg").get_all("Project-URL") or []
    except PackageNotFoundError:
        return ""
    home = next((entry.partition(", ")[2] for entry in entries if entry.startswith("Homepage")), "")
    _, _, path = home.partition("github.com/")
    owner, _, name = path.strip("/").partition("/")
    return f"https://{owner}.github.io/{name}" if owner and name else ""


def identifier(heading: str) -> str:
    """The anchor of a heading in the book, by the rule of docutils: small letters and digits, the others a hyphen."""
    return re.sub(r"[^a-z0-9]+", "-", heading.lower()).strip("-").lstrip("-0123456789")


def link(where: str) -> str:
    """The section by name and its address in the book, ``where`` being a lesson and a heading."""
    lesson, _, heading = where.partition(": ")
    page = f"notebooks/{LESSONS[lesson]}.html#{identifier(heading)}"
    return f'Lesson {lesson}, "{heading}": {"/".join(filter(None, (published(), page)))}'
