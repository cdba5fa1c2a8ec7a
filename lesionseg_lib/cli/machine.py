"""What a process may find in its environment that stops torch, said before torch trips over it."""

import getpass
import os

from lesionseg_lib.errors import LesionSegError

_OF_ONE_PROCESS = ("WORLD_SIZE", "RANK", "LOCAL_RANK")
_OF_ALL = ("MASTER_ADDR", "MASTER_PORT")


def prepare_training() -> None:
    """Make sure that Accelerate can start; call it before training.

    Raises ``LesionSegError`` when variables of several processes are left over, or Accelerate cannot start.
    """
    name_the_user()
    _check_processes()
    from lesionseg_lib.training.processes import start_accelerator

    try:
        start_accelerator()
    except (ValueError, RuntimeError, KeyError, TypeError, ImportError, NotImplementedError) as error:
        found = ", ".join(sorted(name for name in os.environ if name.startswith("ACCELERATE_"))) or "none"
        raise LesionSegError(
            f"Accelerate cannot start on this machine: {error}. Its settings are environment variables (here: {found}) "
            "and `accelerate config`; unset or correct them."
        ) from error


def name_the_user() -> None:
    """In a container a user may have a number and no name; torch asks for a name as it is imported."""
    try:
        getpass.getuser()
    except (KeyError, OSError):
        os.environ["USER"] = f"user{os.getuid()}"


def is_one_of_several() -> bool:
    """Whether this process was started as one of several, with all that this takes."""
    size = os.environ.get("WORLD_SIZE", "")
    return size.isdecimal() and int(size) > 1 and all(os.environ.get(name) for name in (*_OF_ONE_PROCESS, *_OF_ALL))


def _check_processes() -> None:
    found = {name: os.environ[name] for name in _OF_ONE_PROCESS if os.environ.get(name)}
    wrong = [f"{name}={value}" for name, value in found.items() if not value.removeprefix("-").isdecimal()]
    several = found.get("LOCAL_RANK", "-1") != "-1" or found.get("WORLD_SIZE", "1") not in ("0", "1")
    missing = [name for name in (*_OF_ONE_PROCESS, *_OF_ALL) if not os.environ.get(name)]
    if wrong or (several and missing):
        problem = f"{', '.join(wrong)} is no number" if wrong else f"{' and '.join(missing)} not"
        raise LesionSegError(
            f"{', '.join(found)} {'is' if len(found) == 1 else 'are'} set, as for one of several processes, but "
            f"{problem}. If a scheduler or an earlier run left them, run `unset {' '.join(found)}`; to train on "
            "several devices, start with `accelerate launch -m lesionseg_lib`."
        )
