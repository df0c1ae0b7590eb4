"""A container's log file and those that were moved aside: how many, how large, when to look again.

Source: pkg/kubelet/logs/container_log_manager.go (containerLogMaxSize, containerLogMaxFiles).
"""

from __future__ import annotations

import gzip
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_SELDOM, _OFTEN = 2.0, 0.25
_HASTY = 1
"""gzip's level: a container that writes fast must not get more than its share of the processor here."""


@dataclass(frozen=True, slots=True)
class LogLimits:
    """What a container may keep of its log; `size` is bytes of a file, negative for no limit."""

    size: int = 10 * 1024 * 1024
    files: int = 5


def sizes(logs: Path) -> dict[str, int]:
    """The logs that are being written by path, below a directory for each pod and container.

    Pods go meanwhile, with their directories.
    """
    containers = (container for pod in _entries(logs) for container in _entries(pod))
    return dict(found for container in containers for found in _logs(container))


def _logs(container: str) -> Iterator[tuple[str, int]]:
    for path in _entries(container):
        if path.endswith(".log"):
            with suppress(OSError):
                yield path, os.stat(path).st_size  # noqa: PTH116 - for hundreds of logs every two seconds


def _entries(folder: str | Path) -> list[str]:
    try:
        return [f"{folder}/{name}" for name in os.listdir(folder)]  # noqa: PTH208
    except OSError:  # no directory, or gone
        return []


def next_look(now: Mapping[str, int], before: Mapping[str, int], passed: float, largest: int) -> float:
    """Seconds until the first log may have outgrown its size, if all go on as they did; pure.

    A log that appeared or was moved aside meanwhile has grown from nothing.
    """
    waits = [_SELDOM]
    for path, size in now.items():
        grown = size - before.get(path, 0) if size >= before.get(path, 0) else size
        if grown > 0:
            waits.append((largest - size) * passed / grown)
    return max(_OFTEN, min(waits))


def move_aside(path: Path, most: int, stamp: str = "") -> None:
    """Give the log another name, and delete the oldest, so that with the next one there are `most`."""
    earlier = aside(path)
    for old in earlier[: max(0, len(earlier) - (most - 2))]:
        old.unlink(missing_ok=True)
    path.rename(path.with_name(f"{path.name}.{stamp or _stamp()}"))


def _stamp() -> str:
    """The time in words that sort; two of a flood's logs may be of the same second."""
    seconds, fraction = divmod(time.time_ns(), 1_000_000_000)
    return time.strftime("%Y%m%d-%H%M%S", time.gmtime(seconds)) + f"-{fraction // 1_000_000:03}"


def aside(path: Path) -> list[Path]:
    """What was moved aside of a log, the oldest first."""
    return sorted(p for p in path.parent.glob(f"{path.name}.*") if p.suffix != ".tmp")


def tidy(path: Path, limits: LogLimits) -> None:
    """Compress what was moved aside but the newest, and delete the oldest while all are too large."""
    for old in aside(path)[:-1]:
        if old.suffix != ".gz":
            with suppress(FileNotFoundError):
                _compress(old)
    room = limits.size * (limits.files - 1)
    for index, old in enumerate(reversed(aside(path))):
        room -= _size(old)
        if room < 0 and index:
            old.unlink(missing_ok=True)


def _size(path: Path) -> int:
    with suppress(FileNotFoundError):
        return path.stat().st_size
    return 0


def _compress(path: Path) -> None:
    temporary = path.with_name(f"{path.name}.tmp")
    with path.open("rb") as source, gzip.open(temporary, "wb", compresslevel=_HASTY) as target:
        shutil.copyfileobj(source, target)
    temporary.rename(path.with_name(f"{path.name}.gz"))
    path.unlink(missing_ok=True)
