"""What a check says: four outcomes, and a sentence that helps."""

from dataclasses import dataclass
from typing import Literal

Status = Literal["not attempted", "wrong", "crashed", "right"]


@dataclass(frozen=True, repr=False)
class Verdict:
    """Of a check: the outcome, and a sentence that helps. A notebook shows both, in words."""

    name: str
    status: Status
    detail: str

    def __str__(self) -> str:
        return f"{self.status}: {self.detail}"

    __repr__ = __str__
