"""The way from a lesson's source to an executed, accepted notebook, and the numbers in its prose."""

import json
import shutil
from pathlib import Path

import pytest

from tests.helpers.records import whole_record
from tools import TextError, repository, slug
from tools.accept import accept, refusal
from tools.execute import LessonError, execute
from tools.notebooks import code_sha256, differences, first_error, read, save, tags, write
from tools.numbers import UnknownNumber, number
from tools.placeholders import fill

LESSON = """\
# %% [markdown]
# # A lesson
#
# It reached {{ number("net", "jaccard") }}.

# %%
half = f"{{1}} {1 / 2}"
print(half)

# %% [markdown]
# The end.
"""
RECORD = whole_record(
    macs=123456789,
    best_epoch=7,
    parameters={"total": 6995457, "trainable": 6995457, "frozen": 0, "encoder": 2223872, "decoder": 4771585},
    jaccard={"mean": 0.83449, "low": 0.8201, "high": 0.8496},
    loss=0.2,
    data="isic2016",
)


def lay_out(folder: Path) -> tuple[Path, Path]:
    """Return the source of a lesson and the results that it quotes."""
    record = folder / "results" / "net" / "seed0.json"
    record.parent.mkdir(parents=True)
    record.write_text(json.dumps(RECORD))
    (folder / "results" / "speed.json").write_text('{"light": {"ms": {"mean": 1.5, "low": 1, "high": 2}}}')
    (folder / "01_lesson.py").write_text(LESSON)
    return folder / "01_lesson.py", folder / "results"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return lay_out(tmp_path)[0]


@pytest.fixture
def results(source: Path) -> Path:
    return source.parent / "results"


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("net", "jaccard"), "0.834"),
        (("net", "test.jaccard.low"), "0.820"),
        (("net", "jaccard_interval"), "0.820 to 0.850"),
        (("net", "jaccard_interval", ".1%"), "82.0% to 85.0%"),
        (("net", "loss"), "0.200"),
        (("net", "parameters.total"), "6,995,457"),
        (("net", "macs", ".1e"), "1.2e+08"),
        (("net", "best_epoch"), "7"),
        (("net", "data.name"), "isic2016"),
        (("speed", "light.ms"), "1.500"),
        (("speed", "light.ms_interval", ".1f"), "1.0 to 2.0"),
    ],
)
def test_a_number_is_the_recorded_one(results, arguments, text):
    assert number(results, *arguments) == text


@pytest.mark.parametrize(
    ("placeholder", "message"),
    [
        ('number("other", "jaccard")', "there is no record of 'other' (recorded: net)"),
        ('number("speed", "light.seconds")', "'seconds' is not in the record; there is: ms"),
        ('number("net", "jacard")', "'jacard' is not in the record; there is: format, name, seed"),
        ('number("net", "parameters.all")', "'all' is not in the record; there is: total, trainable"),
        ('number("net", "best_epoch.mean")', "'mean' is not in the record; there is: int"),
        ('number("net", "parameters")', "is no number but dict"),
        ('number("net", "best_epoch_interval")', "'best_epoch' has no interval"),
        ('number("net", "jaccard", "d")', "Unknown format code 'd' for object of type 'float'"),
        ('api("metric")', "there is no lesionseg_lib/metric"),
    ],
)
def test_a_placeholder_that_cannot_be_filled_is_an_error_that_names_file_line_and_reason(results, placeholder, message):
    with pytest.raises(TextError) as error:
        fill(f'one {{{{ number("net", "loss") }}}}\ntwo {{{{{placeholder}}}}} {{{{ slug }}}}', results, "page.md", 10)
    assert str(error.value).startswith(f"page.md, line 11: {placeholder}: {message}")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{{ numbers('net') }}", "'numbers' is undefined"),
        ("{{ address }}", "'address' is undefined"),
        ("{{ quiz() }}", "'quiz' is undefined"),  # only a lesson has one
        ("{{ number('net') }}", 'number("net"): number() missing 1 required positional argument'),
        ("{{net:jaccard}}", "expected token 'end of print statement', got ':'"),
        ("{{ number('net', 'loss') }", "unexpected '}'"),
        ("$x^{{10}}$", "'10' between double braces: expected number(...)"),
        ("$x^{{n}}$", "'n' is undefined"),
        ("{{ slug|upper }}", "'LESIONSEG/LESIONSEG-COURSE' between double braces: expected number(...)"),
    ],
)
def test_nothing_else_stands_between_double_braces(results, text, message):
    with pytest.raises(TextError) as error:
        fill(f"one\n\n{text}\n", results, "page.md")
    assert str(error.value).startswith(f"page.md, line 3: {message}")


@pytest.mark.parametrize(
    "text",
    ["", "\n", "one\n\n", "$\\frac{a}{b_{n}}$ {%n%} {# no comment #} {cite}`a`\n", "# set\n## block\n", "<!-- a -->"],
)
def test_what_is_no_placeholder_stays_to_the_last_byte(results, text):
    assert fill(text, results, "page.md") == text


def test_the_address_of_the_repository_is_filled_in(results):
    assert fill("{{ repository }} {{ slug }}", results, "page.md") == f"{repository()} {slug(repository())}"


def test_a_damaged_record_is_no_number(results):
    for text in ("{", json.dumps(RECORD | {"format": 0})):
        (results / "torn").mkdir(exist_ok=True)
        (results / "torn" / "seed0.json").write_text(text)
        with pytest.raises(UnknownNumber, match=r"seed0\.json: (not a JSON record|format 0, expected 1)"):
            number(results, "torn", "jaccard")


def test_a_notebook_has_its_numbers_and_the_install_cell_after_the_title(source, results):
    cells = write(source, results).cells
    assert [cell.cell_type for cell in cells] == ["markdown", "code", "code", "markdown"]
    assert cells[0].source == "# A lesson\n\nIt reached 0.834."
    assert f"lesionseg @ git+{repository()}" in cells[1].source
    assert tags(cells[1]) == ["install", "remove-cell"]
    assert 'f"{{1}} {1 / 2}"' in cells[2].source  # braces in code are code


def test_a_solution_is_folded_in_colab_jupyterlab_and_the_book(source, results):
    plain = code_sha256(write(source, results))
    source.write_text(LESSON.replace("# %%\nhalf", '# %% Solution tags=["hide-cell"]\nhalf'))
    notebook = write(source, results)
    (solution,) = (cell for cell in notebook.cells if "hide-cell" in tags(cell))
    assert solution.source.startswith("# @title Solution\nhalf = ")
    assert solution.metadata["cellView"] == "form"
    assert solution.metadata["jupyter"]["source_hidden"] and solution.metadata["jupyter"]["outputs_hidden"]
    assert solution.metadata["mystnb"]["code_prompt_show"] == "Show the solution"
    assert code_sha256(notebook) == plain  # the title is no code: it needs no new run


def test_the_same_source_gives_the_same_bytes(source, results, tmp_path):
    for name in ("a.ipynb", "b.ipynb"):
        save(write(source, results), tmp_path / name)
    assert (tmp_path / "a.ipynb").read_bytes() == (tmp_path / "b.ipynb").read_bytes()


def test_an_unknown_number_names_the_lesson_and_the_line(source, results):
    source.write_text(LESSON.replace('"jaccard"', '"jacquard"'))
    with pytest.raises(UnknownNumber, match=r"^01_lesson\.py, line 4: "):
        write(source, results)


@pytest.mark.parametrize(
    ("before", "after", "code_changes", "found"),
    [
        ("The end.", "The very end.", False, ["cell 4 differs from the source"]),
        ("1 / 2", "1 / 3", True, ["cell 3 differs from the source"]),
        ("# %% [markdown]\n# The end.\n", "", False, ["4 cells, its source gives 3"]),
    ],
)
def test_differences_are_found_and_only_code_changes_the_hash(source, results, before, after, code_changes, found):
    committed = write(source, results)
    source.write_text(LESSON.replace(before, after))
    changed = write(source, results)
    assert differences(committed, changed) == found
    assert (code_sha256(committed) != code_sha256(changed)) == code_changes


@pytest.fixture(scope="module")
def one_run(tmp_path_factory) -> Path:
    """The lesson, executed once as if in profile full, in the folder `work` beside it."""
    folder = tmp_path_factory.mktemp("run")
    target = folder / "01_lesson.ipynb"
    execute(write(*lay_out(folder)), target, folder / "work", {"profile": "full", "commit": "abc"})
    return target


@pytest.fixture
def executed(one_run, tmp_path) -> Path:
    """A copy of the executed lesson."""
    (tmp_path / "executed").mkdir()
    return Path(shutil.copy(one_run, tmp_path / "executed"))


def test_a_lesson_is_executed_in_an_empty_folder_and_says_what_it_ran_on(source, results, one_run, executed):
    notebook = read(executed)
    assert notebook.cells[2].outputs[0].text == "{1} 0.5\n"
    assert notebook.metadata["lesionseg"] == {
        "profile": "full",
        "commit": "abc",
        "source_sha256": code_sha256(write(source, results)),
    }
    assert list((one_run.parent / "work").iterdir()) == []


def test_a_failing_lesson_names_the_cell_and_keeps_what_ran(source, results, tmp_path):
    source.write_text(LESSON + "\n# %%\nraise ValueError('no lesion')\n")
    target = tmp_path / "01_lesson.ipynb"
    with pytest.raises(LessonError, match=r"01_lesson stopped in cell 5: ValueError: no lesion\n.*01_lesson\.ipynb"):
        execute(write(source, results), target, tmp_path / "work", {})
    notebook = read(target)
    assert notebook.cells[2].outputs[0].text == "{1} 0.5\n"
    assert first_error(notebook) == "cell 5: ValueError: no lesion"


def test_widget_state_and_views_are_dropped(source, results, tmp_path):
    source.write_text(LESSON + "\n# %%\nimport ipywidgets\n\nprint('kept')\ndisplay(ipywidgets.IntSlider())\n")
    target = tmp_path / "01_lesson.ipynb"
    execute(write(source, results), target, tmp_path / "work", {})
    notebook = read(target)
    assert "widgets" not in notebook.metadata
    assert [output.output_type for output in notebook.cells[4].outputs] == ["stream"]


def test_an_executed_lesson_is_accepted_and_later_only_its_text_follows_the_source(source, results, executed, tmp_path):
    target = tmp_path / "notebooks" / "01_lesson.ipynb"
    assert accept(source, executed, target, results) is None
    executed.unlink()
    source.write_text(LESSON.replace("The end.", "The very end."))
    assert accept(source, executed, target, results) is None
    notebook = read(target)
    assert notebook.cells[3].source == "The very end."
    assert notebook.cells[2].outputs[0].text == "{1} 0.5\n"
    source.write_text(LESSON.replace("1 / 2", "1 / 3"))
    assert "has not been executed" in accept(source, executed, target, results)
    assert read(target) == notebook


def _in_smoke(notebook):
    notebook.metadata["lesionseg"]["profile"] = "smoke"


def _with_error(notebook):
    notebook.cells[2].outputs = [{"output_type": "error", "ename": "E", "evalue": "bad", "traceback": []}]


def _unfinished(notebook):
    notebook.cells[2].execution_count = None


def _of_other_code(notebook):
    notebook.metadata["lesionseg"]["source_sha256"] = "0"


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (_in_smoke, "profile smoke"),
        (_with_error, "cell 3: E: bad"),
        (_unfinished, "not executed to its end"),
        (_of_other_code, "other code"),
    ],
)
def test_what_must_not_be_published_is_refused(source, results, executed, spoil, reason):
    notebook = read(executed)
    written = write(source, results)
    assert refusal(notebook, written) is None
    spoil(notebook)
    save(notebook, executed)
    assert reason in refusal(read(executed), written)
