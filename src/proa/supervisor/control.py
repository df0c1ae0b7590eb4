"""What others ask of a supervisor: to start, to stop, and how its parts are."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NamedTuple

from proa.supervisor import process
from proa.supervisor.part import Part, Running, forget_running, read_parts, read_running, write_parts

__all__ = ["Status", "is_running", "launch", "read_parts", "statuses", "stop"]

STOP_SECONDS = 90.0


class Status(NamedTuple):
    """How a part is: `state` is running or stopped."""

    name: str
    state: str
    pid: int
    memory_kib: int
    restarts: int
    since: float


def is_running(directory: Path) -> bool:
    """Whether a supervisor has this folder."""
    running = read_running(directory, "supervisor")
    return running is not None and process.is_alive(running)


def launch(directory: Path, parts: list[Part]) -> None:
    """Start a supervisor of `parts` that outlives its caller. What still runs of them it adopts."""
    directory.mkdir(parents=True, exist_ok=True, mode=0o755)
    write_parts(directory, parts)
    command = (sys.executable, "-m", "proa.supervisor", str(directory))
    process.spawn(Part("supervisor", command, str(directory / "supervisor.log"), 0, {}), restarts=0)


def statuses(directory: Path) -> list[Status]:
    """Each part of this folder and how it is."""
    return [_status(directory, part) for part in read_parts(directory)]


def stop(directory: Path) -> None:
    """Stop the supervisor and its parts; also parts whose supervisor is gone. Returns when all have ended."""
    running = read_running(directory, "supervisor")
    if running is not None:
        process.end([running], STOP_SECONDS)
        forget_running(directory, "supervisor")
    parts = read_parts(directory)
    for rank in sorted({part.rank for part in parts}, reverse=True):
        _end_left_over(directory, [part for part in parts if part.rank == rank])
    for name in ("parts.json", "lock"):
        (directory / name).unlink(missing_ok=True)


def _status(directory: Path, part: Part) -> Status:
    running = read_running(directory, part.name)
    if running is None or not process.is_alive(running):
        return Status(part.name, "stopped", 0, 0, running.restarts if running else 0, 0.0)
    memory = process.resident_kib(running.pid)
    return Status(part.name, "running", running.pid, memory, running.restarts, running.since)


def _end_left_over(directory: Path, parts: list[Part]) -> None:
    left: list[Running] = [running for part in parts if (running := read_running(directory, part.name))]
    process.end(left, max(part.stop_seconds for part in parts))
    for part in parts:
        forget_running(directory, part.name)
