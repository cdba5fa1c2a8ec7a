"""How commands end: errors, warnings and ctrl-C as one line a student can act on."""

import errno
import os
import warnings
from typing import Any

import typer
from typer.core import TyperGroup

from lesionseg_lib.errors import LesionSegError

INTERRUPTED = 130  # 128 + SIGINT, as shells have it


class Commands(TyperGroup):
    """Errors raised on purpose end in one message and exit code 2, ctrl-C in 130, warnings are one line each."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command; what it raises becomes one sentence, warnings one line each."""
        with warnings.catch_warnings():
            warnings.showwarning = _one_line  # restored with the filters
            try:
                return super().invoke(ctx)
            except LesionSegError as error:
                raise failed(str(error)) from error
            except OSError as error:
                if error.filename is None or error.errno == errno.EPIPE:
                    raise
                raise failed(f"{error.filename}: {error.strerror}.") from error
            except KeyboardInterrupt as interrupt:
                if _speaks():
                    typer.echo(f"\n{str(interrupt) or 'Stopped.'}", err=True)
                raise typer.Exit(INTERRUPTED) from None


def failed(message: str) -> typer.Exit:
    """What to raise after a message to stderr: exit code 2."""
    typer.echo(f"Error: {message}", err=True)
    return typer.Exit(2)


def _one_line(message: Warning | str, *_: Any, **__: Any) -> None:
    if _speaks():
        typer.echo(f"Note: {message}", err=True)


def _speaks() -> bool:
    return os.environ.get("RANK", "0") == "0"  # of several processes, one
