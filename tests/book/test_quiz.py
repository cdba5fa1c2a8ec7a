"""The questions of the lessons: shown without a kernel, refused with a reason, and fair."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from tests.helpers.prose import unfounded
from tests.helpers.records import whole_record
from tools import ROOT
from tools.notebooks import code_sha256, quiz_of, sources, write
from tools.numbers import UnknownNumber
from tools.quiz import INTRODUCTION, QuizError, parse, render, show

QUIZ = "{{ quiz() }}"
BANKS = sorted((ROOT / "notebooks" / "quiz").glob("*.yaml"))

RECORD = whole_record(jaccard={"mean": 0.83449, "low": 0.8, "high": 0.9})
FIRST = """\
- question: |
    A photo has $J = .5$.

    What is $D$?
  answers:
    - text: "*D* = .5"
      feedback: Only where J is 0 or 1 are the two equal.
    - text: "`2 * J / (1 + J)`, if a < b & c"
      right: true
      feedback: |
        Two thirds:

        $D = 2J/(1+J)$.
    - text: A third
      feedback: That is less than J, which never happens.
"""
OTHER = """\
- question: Which one?
  answers:
    - text: This one
      right: true
      feedback: It reached {{ number("net", "jaccard") }} and is right.
    - text: That one
      feedback: It is wrong, and that is why.
    - text: None of them
      feedback: One of them must be right.
    - text: All of them
      feedback: Only one of them can be right.
"""
BANK = FIRST + OTHER + OTHER
SOURCE = f"""\
# %% [markdown]
# # A lesson

# %%
print('{QUIZ}')

# %% [markdown]
# ## Check yourself
#
# {QUIZ}
#
# ## Where this breaks
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A lesson with a quiz, and in `results` beside its folder the record that the quiz quotes."""
    for folder in ("notebooks/sources", "notebooks/quiz", "results/net"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "results" / "net" / "seed0.json").write_text(json.dumps(RECORD))
    (tmp_path / "notebooks" / "quiz" / "01.yaml").write_text(BANK)
    (tmp_path / "notebooks" / "sources" / "01_lesson.py").write_text(SOURCE)
    return tmp_path / "notebooks" / "sources" / "01_lesson.py"


@pytest.fixture
def results(tmp_path: Path) -> Path:
    return tmp_path / "results"


def test_a_question_is_numbered_and_its_answers_are_lettered_and_folded_over_their_feedback():
    assert render(parse(BANK, "x")).startswith(
        f"""\
{INTRODUCTION}

**Question 1.** A photo has $J = .5$.

What is $D$?

<details><summary>A. <em>D</em> = .5</summary>

**No.** Only where J is 0 or 1 are the two equal.

</details>

<details><summary>B. <code>2 * J / (1 + J)</code>, if a &lt; b &amp; c</summary>

**Right.** Two thirds:

$D = 2J/(1+J)$.

</details>

<details><summary>C. A third</summary>

**No.** That is less than J, which never happens.

</details>

<br>

**Question 2.** Which one?
"""
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("3 * 4 * 5", "3 * 4 * 5"),
        ("*J* of *all*", "<em>J</em> of <em>all</em>"),
        ("`a * b` * `c*d`", "<code>a * b</code> * <code>c*d</code>"),
        ("`$x$ ** 2`", "<code>$x$ ** 2</code>"),
        ("folded\n      over two lines", "folded over two lines"),
    ],
)
def test_the_text_of_an_answer_becomes_html(text, shown):
    bank = BANK.replace("text: A third", "text: |\n        " + text.replace("\n", "\n  "))
    assert f"<summary>C. {shown}</summary>" in render(parse(bank, "x"))


def test_a_lesson_shows_its_questions_with_numbers_and_its_code_stays(source, results):
    notebook = write(source, results)
    shown = notebook.cells[-1].source
    assert shown.startswith(f"## Check yourself\n\n{INTRODUCTION}\n\n**Question 1.**")
    assert shown.endswith("</details>\n\n## Where this breaks")
    assert "**Right.** It reached 0.834 and is right." in shown
    assert shown.count("<details>") == shown.count("</details>") == 3 + 4 + 4
    assert notebook.cells[2].source == f"print('{QUIZ}')"  # braces in code are code
    before = code_sha256(notebook)
    quiz_of(source).write_text(BANK.replace("A third", "A quarter"))
    assert code_sha256(write(source, results)) == before


def test_a_number_without_a_record_names_the_line_of_the_bank(source, results):
    quiz_of(source).write_text(BANK.replace('"jaccard"', '"jacquard"', 1))
    with pytest.raises(UnknownNumber, match=r"^quiz/01\.yaml, line 20: number\(\"net\", \"jacquard\"\): 'jacquard' is"):
        write(source, results)


def test_a_missing_bank_is_named(source, results):
    quiz_of(source).unlink()
    with pytest.raises(QuizError, match=r"^quiz/01\.yaml does not exist; expected there: the questions of the lesson$"):
        write(source, results)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (BANK, "", "x: Input should be a valid list; found nothing"),
        (BANK, "question: 1", "x: Input should be a valid list; found dict \"{'question': 1}\""),
        (FIRST, "", "x: List should have at least 3 items after validation, not 2; found a list of 2"),
        (BANK, BANK + 4 * OTHER, "x: List should have at most 6 items after validation, not 7; found a list of 7"),
        (FIRST, "- 12\n", "x, question 1: Input should be a valid dictionary or instance of Question; found int '12'"),
        (
            "  answers:",
            "  choices:",
            "x, question 1, answers: Field required\nx, question 1, choices: Extra inputs",
        ),
        (FIRST, "- answers: []\n", "x, question 1, question: Field required\nx, question 1, answers: List should have"),
        ("question: Which one?", "question:", "x, question 2, question: Input should be a valid string; found nothing"),
        ("Which one?", "Which <details>?", "x, question 2, question: no folded part may be inside an answer or a ques"),
        (FIRST[FIRST.index("    - text: A") :], "", "x, question 1, answers: List should have at least 3 items"),
        (OTHER, OTHER + "    - text: E\n      feedback: e\n", "x, question 2, answers: List should have at most 4 ite"),
        (
            "  answers:\n",
            "  answers: {}\n  more:\n",
            "x, question 1, answers: Input should be a valid list; found dict",
        ),
        ("A third", ".3", "x, question 1, answer C, text: Input should be a valid string; found float '0.3'"),
        ("A third", "yes", "x, question 1, answer C, text: Input should be a valid string; found bool 'True'"),
        (
            "A third",
            "$J$",
            "x, question 1, answer C, text: not every page renders $ here; expected words, or a form",
        ),
        ("A third", "see [a](b)", "x, question 1, answer C, text: not every page renders ]( here; expected plain text"),
        ("A third", "a **b**", "x, question 1, answer C, text: not every page renders ** here; expected plain text"),
        (
            "      feedback: That is",
            "      note: That is",
            "x, question 1, answer C, feedback: Field required\nx, que",
        ),
        ("That is less than J, which never happens.", "''", "x, question 1, answer C, feedback: String should have at"),
        (
            "That is less",
            "</Details> is less",
            "x, question 1, answer C, feedback: no folded part may be inside an an",
        ),
        ("right: true", "right: 1", "x, question 1, answer B, right: Input should be a valid boolean; found int '1'"),
        ("right: true", "right: false", "x, question 1: exactly one answer has 'right: true'; here: none"),
        (
            "    - text: That",
            "      # and\n    - right: true\n      text: That",
            "x, question 2: exactly one answer has 'right: true'; here: A and B",
        ),
        (
            "    - text: A third",
            "      text: A third",
            "x, line 14: found 'text' twice in one entry; expected a new ent",
        ),
        ("feedback: Only", "feedback: Why: only", "x, line 7: mapping values are not allowed here; a text that holds"),
        ("text: A third", "text: `third`", "x, line 14: found character '`' that cannot start any token; a text that"),
    ],
)
def test_a_broken_bank_is_refused_with_what_was_found_and_what_was_expected(old, new, message):
    assert old in BANK
    with pytest.raises(QuizError) as error:
        parse(BANK.replace(old, new, 1), "x")
    assert str(error.value).startswith(message)


def test_every_lesson_asks_and_every_bank_has_its_lesson():
    asking = [source for source in sources() if f"\n# {QUIZ}\n" in source.read_text(encoding="utf-8")]
    assert [source.stem for source in sources() if source not in asking] == []
    assert sorted(map(quiz_of, asking)) == BANKS


@pytest.mark.parametrize("bank", BANKS, ids=lambda path: path.stem)
def test_a_bank_can_be_shown(bank):
    shown = show(bank, ROOT / "results")
    assert "{{" not in shown
    _, *asked = MarkdownIt("commonmark").render(shown).split("<p><strong>Question ")
    assert len(asked) == shown.count("**Question ")  # none is swallowed by the answer before it
    for question in asked:
        folded = question.count("<details>")
        assert folded == question.count("</details>") == question.count("</summary>\n<p><strong>")
        assert question.count("<strong>Right.</strong>") == 1


@pytest.mark.parametrize("bank", BANKS, ids=lambda path: path.stem)
def test_the_form_of_a_question_does_not_give_its_answer_away(bank):
    questions = parse(bank.read_text(encoding="utf-8"), bank.name)
    places = [[answer.right for answer in question.answers].index(True) for question in questions]
    assert len(set(places)) > 1, "the right answer has the same letter everywhere"
    longest = [max(question.answers, key=lambda answer: len(answer.text)).right for question in questions]
    assert not all(longest), "the right answer is always the longest"


@pytest.mark.parametrize("bank", BANKS, ids=lambda path: path.stem)
def test_every_answer_has_feedback_that_says_why(bank):
    questions = parse(bank.read_text(encoding="utf-8"), bank.name)
    short = [a.text for question in questions for a in question.answers if len(a.feedback.split()) < 5]
    assert short == []
    said = [answer.feedback for question in questions for answer in question.answers]
    assert len(set(said)) == len(said), "two answers say the same"
    opening = [text for text in said if text.lower().startswith(("right", "no.", "no,", "yes", "wrong", "correct"))]
    assert opening == [], "the page says **Right.** or **No.** before the feedback"


@pytest.mark.parametrize("bank", BANKS, ids=lambda path: path.stem)
def test_a_bank_types_no_measured_figure(bank):
    (page,) = (source.stem for source in sources() if quiz_of(source) == bank)
    found = unfounded(bank.read_text(encoding="utf-8"), [], page)
    assert found == [], 'write {{ number("recipe", "path") }}, or say it in words'
