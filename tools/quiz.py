"""Questions with a choice of answers: `notebooks/quiz/NN.yaml`, shown in lesson NN where its source has `quiz()`.

The page needs no kernel and no script: an answer is a `<details>` that opens on its feedback, on GitHub, in Colab,
in JupyterLab and in the book alike. Between `<summary>` tags these four agree on HTML alone, so the text of an answer
is escaped, and of markdown it may hold `code` and *emphasis*; questions and feedback may hold all of it.
"""

import html
import re
from collections.abc import Hashable
from pathlib import Path
from typing import Annotated, Any, Self

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from tools import TextError
from tools.placeholders import fill

INTRODUCTION = "Choose an answer, then open it: each says why it is right or wrong."
LETTERS = "ABCD"
FOLDING = re.compile(r"</?(?:details|summary)\b", re.IGNORECASE)


class QuizError(TextError):
    """A bank that cannot be shown; the message names file and question, what was found and what was expected."""

    placed = True


def _unfolded(text: str) -> str:
    if tag := FOLDING.search(text):
        raise ValueError(f"no folded part may be inside an answer or a question, such as {tag[0]}>")
    return text


def _plain(text: str) -> str:
    for mark, instead in {"$": "words, or a formula in the feedback", "**": "plain text", "](": "plain text"}.items():
        if mark in re.sub(r"`[^`]+`", "", text):
            raise ValueError(f"not every page renders {mark} here; expected {instead}")
    return text


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Markdown = Annotated[Text, AfterValidator(_unfolded)]


class Entry(BaseModel):
    """What a bank holds has these keys and no other, and nothing is converted: 1 is neither a text nor true."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Answer(Entry):
    """An answer to choose, and what is said of the choice."""

    text: Annotated[Text, AfterValidator(_plain)]
    feedback: Markdown
    right: bool = False


class Question(Entry):
    """A question with at least three answers, one of them right."""

    text: Markdown = Field(alias="question")
    answers: Annotated[list[Answer], Field(min_length=3, max_length=len(LETTERS))]

    @model_validator(mode="after")
    def _one_is_right(self) -> Self:
        right = [letter for letter, answer in zip(LETTERS, self.answers, strict=False) if answer.right]
        if len(right) != 1:
            raise ValueError(f"exactly one answer has 'right: true'; here: {' and '.join(right) or 'none'}")
        return self


BANK = TypeAdapter(Annotated[list[Question], Field(min_length=3, max_length=6)])


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader, which takes the last of two equal keys in silence; a forgotten dash makes such pairs."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for place, key in enumerate(keys):
            if key in keys[:place]:
                found = f"found '{key}' twice in one entry; expected a new entry, which begins with '- '"
                raise yaml.MarkedYAMLError(problem=found, problem_mark=node.value[place][0].start_mark)
        return super().construct_mapping(node, deep)


def show(path: Path, results: Path) -> str:
    """Return the questions of a bank as markdown, numbers filled in from `results`.

    Raises:
        QuizError: the file is missing or breaks the format.
        UnknownNumber: a placeholder that no record can fill; names the line of the bank.
    """
    if not path.is_file():
        raise QuizError(f"{_name(path)} does not exist; expected there: the questions of the lesson")
    return render(parse(fill(path.read_text(encoding="utf-8"), results, _name(path)), _name(path)))


def render(questions: list[Question]) -> str:
    """Return markdown: numbered questions, each with its lettered answers, folded over their feedback."""
    parts = [INTRODUCTION]
    for number, question in enumerate(questions, start=1):
        # JupyterLab leaves no room below an answer.
        parts += ["<br>"] * (number > 1) + [f"**Question {number}.** {question.text}"]
        for letter, answer in zip(LETTERS, question.answers, strict=False):
            verdict = "**Right.**" if answer.right else "**No.**"
            # The blank lines end the HTML blocks: what stands between them is markdown again.
            parts.append(f"<details><summary>{letter}. {_inline(answer.text)}</summary>")
            parts += [f"{verdict} {answer.feedback}", "</details>"]
    return "\n\n".join(parts)


def _inline(text: str) -> str:
    """The text of an answer as HTML on one line."""
    escaped = html.escape(" ".join(text.split()), quote=False)
    pieces = re.split(r"`([^`]+)`", escaped)  # text and code in turns
    pieces[::2] = [re.sub(r"\*(?=\S)([^*]+)(?<=\S)\*", r"<em>\1</em>", piece) for piece in pieces[::2]]
    pieces[1::2] = [f"<code>{piece}</code>" for piece in pieces[1::2]]
    return "".join(pieces)


def parse(text: str, name: str) -> list[Question]:
    """Return the questions of a bank's text; `name` is the file's, for messages.

    Raises:
        QuizError: a line for each mistake, naming the question and the answer.
    """
    try:
        content = yaml.load(text, _Loader)
    except yaml.MarkedYAMLError as error:
        line = "" if error.problem_mark is None else f", line {error.problem_mark.line + 1}"
        hint = "a text that holds ': ' or begins with one of ` * [ { stands in quotes, or behind '|' on its own lines"
        raise QuizError(f"{name}{line}: {error.problem or error.context}; {hint}") from None
    try:
        return BANK.validate_python(content)
    except ValidationError as error:
        raise QuizError("\n".join(f"{name}{_mistake(one)}" for one in error.errors())) from None


def _mistake(error: Any) -> str:
    """Where in the bank and what, for example ", question 2, answer C, text: Input should be ...; found nothing"."""
    place = ""
    for step, under in zip(error["loc"], ("", *error["loc"]), strict=False):
        if isinstance(step, str):
            place += "" if step == "answers" and error["loc"][-1] != step else f", {step}"
        else:
            place += f", answer {LETTERS[step]}" if under == "answers" else f", question {step + 1}"
    found = "" if error["type"] in ("missing", "value_error") else f"; found {_found(error['input'])}"
    return f"{place}: {error['msg'].removeprefix('Value error, ')}{found}"


def _found(value: Any) -> str:
    """A value in words: "a list of 2", "nothing", "bool True"."""
    if value is None or value == "":
        return "nothing"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    return f"{type(value).__name__} {str(value)[:40]!r}"


def _name(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"
