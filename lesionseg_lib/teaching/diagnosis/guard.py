"""Run a student's code: whatever it does, what comes out is an answer or a sentence, and it ends."""

import contextlib
import io
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

LIMIT = 20.0
"""Seconds that an answer may take, where the platform can stop it."""

PRINTED = 2_000
"""Characters of a student's printing that are shown; what is beyond is dropped."""


class Stopped(Exception):
    """The code was stopped, or ended in a way that is no error of Python's; the message is for the student."""


class _OverTime(BaseException):
    """Not an ``Exception``, so that a student's ``except Exception`` does not swallow it."""


class _Tail(io.TextIOBase):
    """Passes on the first characters and drops the others."""

    def __init__(self, beyond: Any) -> None:
        self.beyond, self.room = beyond, PRINTED

    def write(self, text: str) -> int:
        if self.room > 0:
            self.beyond.write(text[: self.room])
            if len(text) > self.room:
                self.beyond.write("\n... (the rest of what your code prints is left out)\n")
        self.room -= len(text)
        return len(text)

    def flush(self) -> None:
        self.beyond.flush()


def guarded(work: Callable[[], Any], seconds: float = LIMIT) -> Any:
    """What ``work()`` returns; its own exceptions pass.

    Raises ``Stopped`` for an endless loop (on the main thread, where the platform has an alarm), endless recursion,
    ``exit()`` and an interrupt that the code raises itself. An interrupt from the keyboard passes.
    """
    pressed: list[bool] = []
    try:
        with contextlib.redirect_stdout(_Tail(sys.stdout)), _alarm(seconds), _keyboard(pressed):
            return work()
    except _OverTime:
        raise Stopped(
            f"it did not end within {seconds:.0f} s: is there a loop whose condition never changes?"
        ) from None
    except RecursionError:
        raise Stopped(
            "the function calls itself without end: a call under the same name, or no case that stops it."
        ) from None
    except SystemExit:
        raise Stopped("it calls exit(), which ends a program, not a function: return the answer.") from None
    except KeyboardInterrupt:
        if pressed:
            raise
        raise Stopped("it raises KeyboardInterrupt itself: return the answer.") from None


@contextlib.contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return

    def ring(_: int, __: FrameType | None) -> None:
        raise _OverTime

    before = signal.signal(signal.SIGALRM, ring)
    left, again = signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, left, again)
        signal.signal(signal.SIGALRM, before)


@contextlib.contextmanager
def _keyboard(pressed: list[bool]) -> Iterator[None]:
    """Notes whether an interrupt came from the keyboard."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def press(_: int, __: FrameType | None) -> None:
        pressed.append(True)
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, press)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


CRASHES = {
    "ZeroDivisionError": "something is divided by a count that is 0 here",
    "NameError": "a name is used that was never given a value: a slip of the pen, or an import that is missing",
    "UnboundLocalError": "a name is used before it has a value: an assignment that not every way through "
    "the code meets",
    "ModuleNotFoundError": "a package is imported that is not installed",
}


def crash(error: BaseException) -> str:
    """An exception of a student's code in words: its own, and what it usually means."""
    name, said = type(error).__name__, str(error)[:300]
    more = CRASHES.get(name, "")
    if name == "TypeError" and "positional argument" in said:
        more = "the function takes another number of arguments than the exercise hands over"
    if "broadcast" in said or "must match the size" in said or "shapes" in said:
        more = "two arrays of different shapes meet: print their shapes just before this line"
    if name == "RuntimeError" and "does not require grad" in said:
        more = "no gradient can flow through it: a .detach(), .item(), .numpy() or a threshold cuts the chain"
    return f"{name}: {said}" + (f" ({more})." if more else "")


def called(function: Any) -> frozenset[str]:
    """Names that a function's code uses, its inner functions included; empty where it has none in Python."""
    found: set[str] = set()
    todo = [getattr(function, "__code__", None) or getattr(type(function).__call__, "__code__", None)]
    while todo:
        code = todo.pop()
        if code is not None:
            found |= set(code.co_names)
            todo.extend(part for part in code.co_consts if hasattr(part, "co_names"))
    return frozenset(found)
