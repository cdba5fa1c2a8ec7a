"""What a check says: four outcomes, and a sentence that helps."""

from dataclasses import dataclass, field
from typing import Literal

from lesionseg_lib.teaching.diagnosis.causes import link

Status = Literal["not attempted", "wrong", "crashed", "right"]


@dataclass(frozen=True, repr=False)
class Verdict:
    """Of a check: the outcome, and a sentence that helps. A notebook shows both, in words."""

    name: str
    status: Status
    detail: str
    causes: tuple[str, ...] = ()
    """Keys of the causes that the sentence names (``diagnosis.causes.CAUSES``); none: it only narrows."""
    hints: tuple[str, ...] = field(default=(), compare=False)
    where: str = field(default="", compare=False)
    """Lesson and heading of the section that explains it."""

    def __str__(self) -> str:
        return f"{self.status}: {self.detail}"

    __repr__ = __str__

    def hint(self, number: int = 1) -> str:
        """The first hint, or a later one, which gives more away; none of them is the solution."""
        if not self.hints:
            return "There is no hint for this one. The lesson's own stands under the exercise."
        return self.hints[min(max(number, 1), len(self.hints)) - 1]

    def why(self) -> str:
        """The address of the section that explains it."""
        return link(self.where) if self.where else "The exercise itself says all there is to know."
