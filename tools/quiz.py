"""Questions with a choice of answers: `notebooks/quiz/NN.yaml`, shown in lesson NN where its source has `quiz()`.

The page needs no kernel and no script: an answer is a `<details>` that opens on its feedback, on GitHub, in Colab,
in JupyterLab and in the book alike. Between `<summary>` tags these four agree on HTML alone, so the text of an answer
is escaped, and of markdown it may hold `code` and *emphasis*; questions and feedback may hold all of it.
"""

import html
import re
from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tools import TextError
from tools.placeholders import fill

INTRODUCTION = "Choose an answer, then open it: each says why it is right or wrong."
LETTERS = "ABCD"
QUESTIONS, ANSWERS = range(3, 7), range(3, 5)
FOLDING = re.compile(r"</?(?:details|summary)\b", re.IGNORECASE)


class QuizError(TextError):
    """A bank that cannot be shown; the message names file and question, what was found and what was expected."""

    placed = True


@dataclass(frozen=True)
class Answer:
    text: str
    feedback: str
    right: bool = False


@dataclass(frozen=True)
class Question:
    text: str
    answers: tuple[Answer, ...]


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
        QuizError: naming the question and the answer.
    """
    try:
        content = yaml.load(text, _Loader)
    except yaml.MarkedYAMLError as error:
        line = "" if error.problem_mark is None else f", line {error.problem_mark.line + 1}"
        hint = "a text that holds ': ' or begins with one of ` * [ { stands in quotes, or behind '|' on its own lines"
        raise QuizError(f"{name}{line}: {error.problem or error.context}; {hint}") from None
    if not isinstance(content, list) or len(content) not in QUESTIONS:
        raise QuizError(f"{name}: found {_found(content)}; expected a list of 3 to 6 questions")
    return [_question(entry, f"{name}, question {number}") for number, entry in enumerate(content, start=1)]


def _question(entry: Any, place: str) -> Question:
    _check_keys(entry, place, {"question", "answers"})
    text = _markdown(entry, "question", place)
    answers = entry["answers"]
    if not isinstance(answers, list) or len(answers) not in ANSWERS:
        raise QuizError(f"{place}: found {_found(answers)} under 'answers'; expected a list of 3 or 4 answers")
    read = tuple(_answer(one, f"{place}, answer {letter}") for letter, one in zip(LETTERS, answers, strict=False))
    right = [letter for letter, answer in zip(LETTERS, read, strict=False) if answer.right]
    if len(right) != 1:
        found = " and ".join(right) or "none"
        raise QuizError(f"{place}: found as right: {found}; expected exactly one answer with 'right: true'")
    return Question(text, read)


def _answer(entry: Any, place: str) -> Answer:
    _check_keys(entry, place, {"text", "feedback"}, {"right"})
    text = _text(entry, "text", place)
    for mark, instead in {"$": "words, or a formula in the feedback", "**": "plain text", "](": "plain text"}.items():
        if mark in re.sub(r"`[^`]+`", "", text):
            raise QuizError(f"{place}: found {mark} in 'text', which not every page renders there; expected {instead}")
    right = entry.get("right", False)
    if not isinstance(right, bool):
        raise QuizError(f"{place}: found {_found(right)} under 'right'; expected true, or no such line")
    return Answer(text, _markdown(entry, "feedback", place), right)


def _check_keys(entry: Any, place: str, needed: set[str], optional: frozenset[str] | set[str] = frozenset()) -> None:
    expected = ", ".join(sorted(needed)) + "".join(f" and maybe {key}" for key in optional)
    if not isinstance(entry, dict):
        raise QuizError(f"{place}: found {_found(entry)}; expected the keys {expected}")
    if unknown := [str(key) for key in entry if key not in needed | optional]:
        raise QuizError(f"{place}: found the unknown key '{unknown[0]}'; expected the keys {expected}")
    if missing := sorted(needed - set(entry)):
        raise QuizError(f"{place}: found no '{missing[0]}'; expected the keys {expected}")


def _text(entry: dict[str, Any], key: str, place: str) -> str:
    value = entry[key]
    if not isinstance(value, str) or not value.strip():
        raise QuizError(
            f"{place}: found {_found(value)} under '{key}'; expected text (in quotes, if it looks like data)"
        )
    return value.strip()


def _markdown(entry: dict[str, Any], key: str, place: str) -> str:
    text = _text(entry, key, place)
    if tag := FOLDING.search(text):
        raise QuizError(f"{place}: found {tag[0]}> in '{key}'; expected no folded part inside an answer or a question")
    return text


def _found(value: Any) -> str:
    """A value in words: "a list of 2", "nothing", "bool True"."""
    if value is None or value == "":
        return "nothing"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    return f"{type(value).__name__} {str(value)[:40]!r}"


def _name(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"
