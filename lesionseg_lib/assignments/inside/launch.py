"""From the grader's process to the child's: namespaces, a file system of its own, limits, another user, then ``exec``.

Runs as a program of its own, ``python -I -S launch.py SETTINGS``, without anything but Python's standard library.
Three processes come of it: this one stays outside and waits; the first inside has number 1 in a new process namespace,
so its end is the end of every process that the student's code may have started; the second becomes the child. Each dies
with the one before it.

With ``isolated`` false (``--trust``) there are limits, but no walls: the second process takes in what is left behind
and ends it.

Sources: namespaces(7), pivot_root(2), mount_namespaces(7), prctl(2), capabilities(7) of the Linux man-pages.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import sys
from typing import Any

NEWNS, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET = 0x20000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000
READ_ONLY, NO_SUID, NO_DEVICES, NO_EXEC, REMOUNT, BIND, RECURSIVE, PRIVATE = 1, 2, 4, 8, 32, 4096, 16384, 1 << 18
DETACH = 2
DIE_WITH_PARENT, DROP_BOUNDING, SUBREAPER, NO_NEW_PRIVILEGES = 1, 24, 36, 38
DEVICES = ("null", "zero", "random", "urandom")
WORK = "/grading/work"
"""Where the child is, inside: the only folder it may write to."""


def libc() -> Any:
    """C's library, with the error number kept."""
    return ctypes.CDLL(None, use_errno=True)


def _done(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def mount(source: str | None, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    """The system's call of that name. Raises ``OSError``."""
    given = [text.encode() if text is not None else None for text in (source, target, kind, data)]
    _done(libc().mount(given[0], given[1], given[2], ctypes.c_ulong(flags), given[3]), f"mount {target}")


def die_with_parent() -> None:
    """This process is killed when its parent ends."""
    parent = os.getppid()
    libc().prctl(DIE_WITH_PARENT, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def enter() -> None:
    """New namespaces. Without root's rights a user namespace comes first, in which this user plays root."""
    inner = NEWNS | NEWUTS | NEWIPC | NEWPID | NEWNET
    if os.geteuid() != 0:
        user, group = os.geteuid(), os.getegid()
        _done(libc().unshare(NEWUSER), "a user namespace")
        for name, line in (("setgroups", "deny"), ("uid_map", f"0 {user} 1"), ("gid_map", f"0 {group} 1")):
            with open(f"/proc/self/{name}", "w") as file:  # noqa: PTH123 (before imports of pathlib pay)
                file.write(line)
    _done(libc().unshare(inner), "namespaces")


def build_root(settings: dict[str, Any]) -> None:
    """A file system of its own: what is bound, read-only; a few devices; one folder to write, in memory."""
    root = settings["root"]
    mount(None, "/", None, RECURSIVE | PRIVATE)
    mount("none", root, "tmpfs", NO_SUID | NO_DEVICES, "size=1m,nr_inodes=1000,mode=755")
    for source, target in settings["binds"]:
        place = root + target
        if os.path.isdir(source):  # noqa: PTH112
            os.makedirs(place, exist_ok=True)  # noqa: PTH103
        else:
            os.makedirs(os.path.dirname(place), exist_ok=True)  # noqa: PTH103, PTH120
            os.close(os.open(place, os.O_CREAT | os.O_WRONLY))
        mount(source, place, None, BIND | RECURSIVE)
        _make_read_only(place)
    for hidden in settings["hidden"]:
        mount("none", root + hidden, "tmpfs", READ_ONLY | NO_SUID | NO_DEVICES, "size=4k,mode=755")
    os.makedirs(f"{root}/dev", exist_ok=True)  # noqa: PTH103
    for name in DEVICES:
        os.close(os.open(f"{root}/dev/{name}", os.O_CREAT | os.O_WRONLY))
        mount(f"/dev/{name}", f"{root}/dev/{name}", None, BIND)
    os.makedirs(root + WORK)  # noqa: PTH103
    limits = settings["limits"]
    options = f"size={limits['disk']},nr_inodes={limits['files']},mode=777"
    mount("none", root + WORK, "tmpfs", NO_SUID | NO_DEVICES, options)
    scratch = os.path.join(root, "tmp")  # noqa: PTH118
    if not os.path.lexists(scratch):
        os.symlink(WORK, scratch)  # noqa: PTH211
    mount(None, root, None, REMOUNT | BIND | READ_ONLY | NO_SUID | NO_DEVICES)
    os.chdir(root)
    _done(libc().pivot_root(b".", b"."), "pivot_root")
    _done(libc().umount2(b".", DETACH), "leaving the old root")
    os.chdir(WORK)


def _make_read_only(place: str) -> None:
    """A mount and all below it. Flags that the system has locked must be given again."""
    with open("/proc/self/mountinfo") as file:  # noqa: PTH123
        points = [line.split()[4].encode().decode("unicode_escape") for line in file]
    for point in (p for p in points if p == place or p.startswith(place + "/")):
        kept = os.statvfs(point).f_flag & ~READ_ONLY
        mount(None, point, None, REMOUNT | BIND | READ_ONLY | NO_SUID | NO_DEVICES | kept)


def limit(limits: dict[str, Any]) -> None:
    """Processor time, memory, sizes of files, numbers of files and processes: of this process and what it starts."""
    import resource

    for name, value in (
        ("RLIMIT_CPU", limits["cpu"]),
        ("RLIMIT_DATA", limits["memory"]),
        ("RLIMIT_FSIZE", limits["disk"]),
        ("RLIMIT_AS", 4 * limits["memory"]),
        ("RLIMIT_NOFILE", 64),
        ("RLIMIT_CORE", 0),
        ("RLIMIT_MEMLOCK", 0),
        ("RLIMIT_MSGQUEUE", 0),
        ("RLIMIT_NPROC", limits["processes"]),
    ):
        if hasattr(resource, name) and value is not None:
            kind = getattr(resource, name)
            hard = resource.getrlimit(kind)[1]
            least = value if hard == resource.RLIM_INFINITY else min(value, hard)
            with contextlib.suppress(ValueError, OSError):  # macOS knows some by name alone
                resource.setrlimit(kind, (least, least))


def become_nobody(user: int | None) -> None:
    """Another user where this one is root, no capabilities, and no way to new ones."""
    for capability in range(64):
        libc().prctl(DROP_BOUNDING, capability, 0, 0, 0)
    if user is not None:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    _done(libc().prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0), "no new privileges")


def main() -> None:
    """Build the walls, start the child, wait, and leave nothing behind."""
    settings = json.loads(sys.argv[1])
    linux = sys.platform.startswith("linux")
    if linux:
        die_with_parent()
    try:
        if settings["isolated"]:
            enter()
            die_with_parent()  # new rights took it away
            first = os.fork()
            if first:
                sys.exit(os.waitstatus_to_exitcode(os.waitpid(first, 0)[1]) & 255)
            die_with_parent()
            build_root(settings)
        elif linux:
            libc().prctl(SUBREAPER, 1, 0, 0, 0)
        child = os.fork()
        if child:
            end = _wait(child)
            if not settings["isolated"]:
                _end_the_rest()
            os._exit(end & 255)
        if linux:
            die_with_parent()
        limit(settings["limits"])
        if settings["isolated"]:
            become_nobody(settings["user"])
        os.execve(settings["command"][0], settings["command"], settings["environment"])
    except OSError as error:
        print(error, file=sys.stderr, flush=True)
        os._exit(1)


def _wait(child: int) -> int:
    """Until the child ends; others that end meanwhile are taken in."""
    while True:
        ended, status = os.wait()
        if ended == child:
            return os.waitstatus_to_exitcode(status)


def _end_the_rest() -> None:
    """Processes that the child left behind belong to this one now, where the system knows that."""
    for _ in range(100):
        try:
            with open(f"/proc/self/task/{os.getpid()}/children") as file:  # noqa: PTH123
                left = [int(number) for number in file.read().split()]
        except OSError:
            return
        if not left:
            return
        for number in left:
            with contextlib.suppress(OSError):
                os.kill(number, signal.SIGKILL)
                os.waitpid(number, 0)


if __name__ == "__main__":
    main()
