"""A container's log file and those that were moved aside: how many, how large, when to look again.

Source: pkg/kubelet/logs/container_log_manager.go (containerLogMaxSize, containerLogMaxFiles).
"""

from __future__ import annotations

import glob
import gzip
import shutil
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

LARGEST = 10 * 1024 * 1024
MOST_FILES = 5
_MOST_ASIDE = LARGEST * (MOST_FILES - 1)
_SELDOM, _OFTEN = 2.0, 0.25
_HASTY = 1
"""gzip's level: a container that writes fast must not get more than its share of the processor here."""


def sizes(logs: Path) -> dict[Path, int]:
    """The logs that are being written, below a directory for each pod and container.

    Pods go meanwhile, with their directories.
    """
    found = {}
    for name in glob.iglob("*/*/*.log", root_dir=logs):  # Path.glob fails when a directory goes  # noqa: PTH207
        with suppress(OSError):
            found[logs / name] = (logs / name).stat().st_size
    return found


def next_look(now: Mapping[Path, int], before: Mapping[Path, int], passed: float) -> float:
    """Seconds until the first log may have outgrown its size, if all go on as they did; pure.

    A log that appeared or was moved aside meanwhile has grown from nothing.
    """
    waits = [_SELDOM]
    for path, size in now.items():
        grown = size - before.get(path, 0) if size >= before.get(path, 0) else size
        if grown > 0:
            waits.append((LARGEST - size) * passed / grown)
    return max(_OFTEN, min(waits))


def move_aside(path: Path, stamp: str = "") -> None:
    """Give the log another name, and delete those that are too many."""
    for old in aside(path)[: -(MOST_FILES - 2)]:
        old.unlink(missing_ok=True)
    path.rename(path.with_name(f"{path.name}.{stamp or _stamp()}"))


def _stamp() -> str:
    """The time in words that sort; two of a flood's logs may be of the same second."""
    seconds, fraction = divmod(time.time_ns(), 1_000_000_000)
    return time.strftime("%Y%m%d-%H%M%S", time.gmtime(seconds)) + f"-{fraction // 1_000_000:03}"


def aside(path: Path) -> list[Path]:
    """What was moved aside of a log, the oldest first."""
    return sorted(p for p in path.parent.glob(f"{path.name}.*") if p.suffix != ".tmp")


def tidy(path: Path) -> None:
    """Compress what was moved aside but the newest, and delete the oldest while all are too large."""
    for old in aside(path)[:-1]:
        if old.suffix != ".gz":
            with suppress(FileNotFoundError):
                _compress(old)
    room = _MOST_ASIDE
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
