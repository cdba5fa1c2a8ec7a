"""How commands end: one line and a code, whatever was raised."""

from __future__ import annotations

import errno
import os
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from lesionseg_lib.cli.console import INTERRUPTED, Commands, failed, say
from lesionseg_lib.errors import DataError, DataWarning, RecordError


def run(command: Callable[[], None]) -> Result:
    """A program of this one command, run."""
    app = typer.Typer(cls=Commands, pretty_exceptions_enable=False)
    app.command("work")(command)
    app.command("other")(lambda: None)  # with one command alone Typer makes no group
    return CliRunner().invoke(app, ["work"])


def raising(error: BaseException) -> Result:
    def work() -> None:
        print("begun")
        raise error

    return run(work)


@pytest.mark.parametrize("kind", [DataError, RecordError])
def test_an_error_raised_on_purpose_is_one_line_on_stderr_and_code_2(kind: type[Exception]) -> None:
    result = raising(kind("a.png: no image. Copy it again."))
    assert (result.exit_code, result.stdout, result.stderr) == (
        2,
        "begun\n",
        "Error: a.png: no image. Copy it again.\n",
    )


def test_a_file_that_the_system_refuses_is_named() -> None:
    result = raising(OSError(errno.EACCES, "Permission denied", "runs/model.json"))
    assert (result.exit_code, result.stderr) == (2, "Error: runs/model.json: Permission denied.\n")


def test_a_pipe_that_was_closed_is_left_to_the_shell() -> None:
    result = raising(BrokenPipeError(errno.EPIPE, "Broken pipe", "stdout"))
    assert result.exit_code == 1 and "Error: " not in result.stderr


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "No space left on device."),
        (OSError("no file at all"), "no file at all."),
        (MemoryError(), "There is not enough memory."),
    ],
)
def test_what_the_system_refuses_without_a_file_is_one_line_too(error: Exception, said: str) -> None:
    result = raising(error)
    assert result.exit_code == 2 and result.stderr.startswith(f"Error: {said}")
    assert len(result.stderr.splitlines()) == 1


def test_what_nobody_foresaw_is_one_line_that_says_whose_fault_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    result = raising(ValueError("a mistake\nof ours"))
    assert (result.exit_code, result.stdout) == (70, "begun\n")
    assert result.stderr.startswith(
        "Error: This is a fault of lesionseg: ValueError: a mistake of ours (test_console.py"
    )
    assert len(result.stderr.splitlines()) == 1 and "Traceback" not in result.stderr
    monkeypatch.setenv("LESIONSEG_TRACEBACK", "1")
    assert "Traceback" in raising(ValueError("a mistake")).stderr


def test_names_that_are_no_text_are_printed() -> None:
    result = run(lambda: typer.echo("l\udce9sion.png"))
    assert (result.exit_code, result.stdout) == (0, "l\\udce9sion.png\n")


def test_notes_stay_notes_where_python_makes_errors_of_warnings() -> None:
    def work() -> None:
        warnings.warn("left aside", DataWarning, stacklevel=1)
        warnings.warn("for programmers", DeprecationWarning, stacklevel=1)

    with warnings.catch_warnings(action="error"):
        result = run(work)
    assert (result.exit_code, result.stderr) == (0, "Note: left aside\n")


@pytest.mark.parametrize(
    ("interrupt", "said"),
    [(KeyboardInterrupt(), "\nStopped.\n"), (KeyboardInterrupt("Go on with --resume"), "\nGo on with --resume\n")],
)
def test_ctrl_c_ends_as_shells_have_it(interrupt: KeyboardInterrupt, said: str) -> None:
    result = raising(interrupt)
    assert (result.exit_code, result.stderr) == (INTERRUPTED, said)
    assert INTERRUPTED == 130


def test_warnings_are_notes_of_one_line_and_the_command_goes_on() -> None:
    def work() -> None:
        warnings.warn("two files were left aside: a, b", DataWarning, stacklevel=1)
        print("done")

    before = warnings.showwarning
    result = run(work)
    assert (result.exit_code, result.stdout) == (0, "done\n")
    assert result.stderr == "Note: two files were left aside: a, b\n"
    assert warnings.showwarning is before


def test_of_several_processes_the_first_alone_speaks(monkeypatch: pytest.MonkeyPatch) -> None:
    several = {"WORLD_SIZE": "2", "RANK": "1", "LOCAL_RANK": "1", "MASTER_ADDR": "localhost", "MASTER_PORT": "29500"}
    for variable, value in several.items():
        monkeypatch.setitem(os.environ, variable, value)

    def work() -> None:
        warnings.warn("left aside", DataWarning, stacklevel=1)
        raise KeyboardInterrupt

    result = run(work)
    assert (result.exit_code, result.stderr) == (INTERRUPTED, "")


def test_a_rank_that_was_left_over_silences_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "RANK", "1")
    result = run(lambda: warnings.warn("left aside", DataWarning, stacklevel=1))
    assert result.stderr == "Note: left aside\n"


def test_failed_says_its_message_and_is_what_to_raise(capsys: pytest.CaptureFixture[str]) -> None:
    assert failed("no such thing").exit_code == 2
    assert capsys.readouterr().err == "Error: no such thing\n"


def test_what_would_steer_a_terminal_is_shown() -> None:
    name = "\x1b[31mred\x07\r.png"
    shown = "\\x1b[31mred\\x07\\r.png"
    assert raising(DataError(f"{name}: no image.")).stderr == f"Error: {shown}: no image.\n"
    assert run(lambda: say(f"{name}\n\tdone")).stdout == f"{shown}\n\tdone\n"


def test_the_same_note_is_said_once() -> None:
    def work() -> None:
        for text in ("a.png was turned", "a.png was turned", "b.png was turned"):
            warnings.warn(text, DataWarning, stacklevel=1)
            warnings.warn(text, DataWarning, stacklevel=2)

    assert run(work).stderr == "Note: a.png was turned\nNote: b.png was turned\n"


@pytest.mark.skipif(os.name != "posix", reason="elsewhere a folder in use cannot be removed")
def test_a_working_folder_that_was_removed_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    result = run(lambda: None)
    assert (result.exit_code, result.stderr) == (
        2,
        "Error: The folder that this was started in is not there any more. Change to another one.\n",
    )
