"""Processes as /proc and pidfds show them: started, recognised and ended, never mistaken for others."""

from __future__ import annotations

import os
import select
import signal
import time
from pathlib import Path

from proa.supervisor.kept import KeptSockets
from proa.supervisor.part import Part, Running


def start_time(pid: int) -> int | None:
    """When a process started, in clock ticks after boot; None when there is none, or only its remains."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The name in parentheses may hold anything, so count from its end; state is field 3, start 22.
    fields = stat[stat.rindex(")") + 2 :].split()
    return None if fields[0] in "ZX" else int(fields[19])


def is_alive(running: Running) -> bool:
    return start_time(running.pid) == running.start_time


def open_pidfd(running: Running) -> int | None:
    """A descriptor that becomes readable when the process ends; None when it is gone already."""
    try:
        descriptor = os.pidfd_open(running.pid)
    except ProcessLookupError:
        return None
    if is_alive(running):
        return descriptor
    os.close(descriptor)
    return None


def myself() -> Running:
    return Running(os.getpid(), start_time(os.getpid()) or 0, time.time(), 0, ())


def spawn(part: Part, restarts: int, kept: KeptSockets | None = None) -> Running:
    """Start a part in a session of its own, its output appended to its log. Raises OSError."""
    Path(part.log).parent.mkdir(parents=True, exist_ok=True)
    append = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    pid = os.posix_spawnp(
        part.command[0],
        part.command,
        os.environ | part.environment | (kept.environment() if kept else {}),
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, part.log, append, 0o644),
            (os.POSIX_SPAWN_DUP2, 1, 2),
            *(kept.file_actions() if kept else ()),
        ],
        setsid=True,
        setsigmask=(),
        setsigdef=(signal.SIGHUP, signal.SIGPIPE, signal.SIGXFSZ),  # those that Python itself ignores, or we
    )
    return Running(pid, start_time(pid) or 0, time.time(), restarts, part.command)


def exit_code(pidfd: int) -> int | None:
    """How an ended child ended: its exit code, a signal as its negative, None when it was not our child."""
    try:
        result = os.waitid(os.P_PIDFD, pidfd, os.WEXITED)
    except ChildProcessError:
        return None
    return None if result is None else result.si_status * (1 if result.si_code == os.CLD_EXITED else -1)


def end(processes: list[Running], seconds: float) -> None:
    """End all of them: SIGTERM, and SIGKILL to those still there after `seconds`. Returns when gone."""
    waiting = {fd: running for running in processes if (fd := open_pidfd(running)) is not None}
    try:
        _signal(waiting, signal.SIGTERM)
        _wait(waiting, seconds)
        _signal(waiting, signal.SIGKILL)
        _wait(waiting, 5.0)
    finally:
        for descriptor in waiting:
            os.close(descriptor)


def resident_kib(pid: int) -> int:
    """The memory that a process has resident; 0 when it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmRSS:")), 0)


def _signal(waiting: dict[int, Running], number: signal.Signals) -> None:
    for descriptor in waiting:
        try:
            signal.pidfd_send_signal(descriptor, number)
        except ProcessLookupError:
            continue


def _wait(waiting: dict[int, Running], seconds: float) -> None:
    """Wait until the processes have ended, and forget those that did."""
    deadline = time.monotonic() + seconds
    while waiting and (left := deadline - time.monotonic()) > 0:
        for descriptor in select.select(list(waiting), [], [], left)[0]:
            exit_code(descriptor)  # a child of ours would stay a zombie otherwise
            del waiting[descriptor]
            os.close(descriptor)
