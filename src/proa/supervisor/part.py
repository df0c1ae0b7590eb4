"""What the supervisor runs, and what it remembers of a running one; as JSON on disk."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

from proa.files import write_atomic


class Part(NamedTuple):
    """One long-running program of the cluster."""

    name: str
    command: tuple[str, ...]
    log: str
    """The file that its output is appended to."""
    rank: int
    """Parts of a rank start and stop together; higher ranks stop first."""
    environment: dict[str, str]
    """Set in addition to the supervisor's own."""
    stop_seconds: float = 10.0
    """How long it may take to end on SIGTERM, before SIGKILL."""
    gives_sockets: bool = False
    """Whether it gives listening sockets away, to find them when it is started again."""


class Running(NamedTuple):
    """The process of a part. A pid alone may be another's by now; with its start time it is certain."""

    pid: int
    start_time: int
    """Clock ticks after boot, as /proc has it."""
    since: float
    """Seconds since the epoch."""
    restarts: int
    command: tuple[str, ...]


def write_parts(directory: Path, parts: list[Part]) -> None:
    write_atomic(directory / "parts.json", json.dumps([part._asdict() for part in parts], indent=1))


def read_parts(directory: Path) -> list[Part]:
    """The parts to run, lowest rank first; none when nothing was ever started here."""
    try:
        entries = json.loads((directory / "parts.json").read_text())
    except FileNotFoundError:
        return []
    parts = [Part(**entry | {"command": tuple(entry["command"])}) for entry in entries]
    return sorted(parts, key=lambda part: part.rank)


def write_running(directory: Path, name: str, running: Running) -> None:
    write_atomic(directory / f"{name}.json", json.dumps(running._asdict()))


def read_running(directory: Path, name: str) -> Running | None:
    try:
        entry = json.loads((directory / f"{name}.json").read_text())
        return Running(**entry | {"command": tuple(entry["command"])})
    except (FileNotFoundError, ValueError, TypeError, KeyError):
        return None


def forget_running(directory: Path, name: str) -> None:
    (directory / f"{name}.json").unlink(missing_ok=True)
