"""How commands end: errors, warnings and ctrl-C as one line a student can act on."""

import errno
import os
import re
import sys
import traceback
import warnings
from functools import partial
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperGroup

from lesionseg_lib.cli.machine import is_one_of_several
from lesionseg_lib.errors import DataWarning, LesionSegError

_STEERING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # all but tab and line break
INTERRUPTED = 130  # 128 + SIGINT, as shells have it
FAULT = 70  # EX_SOFTWARE of sysexits.h


class Commands(TyperGroup):
    """Errors raised on purpose end in one message and exit code 2, ctrl-C in 130, warnings are one line each.

    An error that nobody foresaw is a fault of the library: one message that says so, and exit code 70. With
    ``LESIONSEG_TRACEBACK=1`` its traceback comes first.
    """

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """As Click has it, with names printed that the terminal cannot show."""
        for stream in (sys.stdout, sys.stderr):
            # Names of files may hold bytes, and terminals lack signs; neither is a reason to stop.
            if stream is not None and hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="backslashreplace")
        return super().main(*args, **kwargs)

    def invoke(self, ctx: Any) -> Any:
        """Run the command; what it raises becomes one sentence, warnings one line each."""
        with warnings.catch_warnings():
            # A note is a line to read, also where Python is told to make errors of warnings.
            warnings.filters[:] = [entry for entry in warnings.filters if entry[0] != "error"]  # type: ignore[index]
            warnings.filterwarnings("default", category=DataWarning)
            warnings.showwarning = partial(_one_line, set())  # restored with the filters
            try:
                _demand_folder()
                return super().invoke(ctx)
            except LesionSegError as error:
                raise failed(str(error)) from error
            except OSError as error:
                if error.errno == errno.EPIPE:
                    raise
                raise failed(_said(error)) from error
            except KeyboardInterrupt as interrupt:
                if _speaks():
                    typer.echo(f"\n{str(interrupt) or 'Stopped.'}", err=True)
                raise typer.Exit(INTERRUPTED) from None
            except MemoryError as error:
                raise failed("There is not enough memory. Close other programs, or use smaller photos.") from error
            except Exception as error:
                if type(error).__module__.partition(".")[0] in ("click", "typer"):
                    raise  # how they end, and say what is wrong with an argument
                raise _fault(error) from error


def _demand_folder() -> None:
    try:
        Path.cwd()
    except FileNotFoundError as error:  # libraries end the process over it, in words of their own
        raise LesionSegError(
            "The folder that this was started in is not there any more. Change to another one."
        ) from error


def say(text: str, err: bool = False) -> None:
    """Print a text; what would steer the terminal, as the names of files may, is shown as Python writes it."""
    typer.echo(_STEERING.sub(lambda sign: ascii(sign[0])[1:-1], text), err=err)


def failed(message: str, code: int = 2) -> typer.Exit:
    """What to raise after a message to stderr: exit code 2."""
    say(f"Error: {message}", err=True)
    return typer.Exit(code)


def _said(error: OSError) -> str:
    """An error of the system in a sentence. What is still to be written to a full disk is given up."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except (OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    reason = error.strerror or str(error) or type(error).__name__
    return f"{error.filename}: {reason}." if error.filename is not None else f"{reason}."


def _fault(error: Exception) -> typer.Exit:
    if os.environ.get("LESIONSEG_TRACEBACK"):
        traceback.print_exception(error)
    last = traceback.extract_tb(error.__traceback__)[-1]
    what = " ".join(f"{type(error).__name__}: {error}".split())[:300]
    return failed(
        f"This is a fault of lesionseg: {what} ({Path(last.filename).name}, line {last.lineno}). Please report "
        "it with what you ran; with LESIONSEG_TRACEBACK=1 set, the command prints where it came from.",
        FAULT,
    )


def _one_line(
    said: set[str], message: Warning | str, category: type[Warning] = UserWarning, *_: Any, **__: Any
) -> None:
    # What other libraries say to programmers is not for the reader of a terminal; and a file may be read twice.
    if _speaks() and issubclass(category, UserWarning) and str(message) not in said:
        said.add(str(message))
        say(f"Note: {message}", err=True)


def _speaks() -> bool:
    return not is_one_of_several() or os.environ["RANK"] == "0"  # of several processes, one
