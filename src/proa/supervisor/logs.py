"""Log files that do not grow without bound.

A part holds its log open for appending, also across the end of a supervisor, so the file is
copied away and emptied rather than renamed.
"""

from __future__ import annotations

import os
from pathlib import Path

LIMIT = 10 * 1024 * 1024
KEEP = 3
_CHUNK = 1024 * 1024


def rotate(log: Path, limit: int = LIMIT, keep: int = KEEP) -> bool:
    """When `log` has outgrown `limit` bytes, make it `log.1`, that `log.2` and so on; `keep` files in all."""
    try:
        descriptor = os.open(log, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        if os.fstat(descriptor).st_size <= limit:
            return False
        for number in range(keep - 1, 1, -1):
            older = log.with_name(f"{log.name}.{number - 1}")
            if older.exists():
                older.replace(log.with_name(f"{log.name}.{number}"))
        _move_content(descriptor, log.with_name(f"{log.name}.1"))
    finally:
        os.close(descriptor)
    return True


def _move_content(source: int, target: Path) -> None:
    # Read until the end is reached once more right before emptying, so that what is written
    # meanwhile is kept: only what comes between the last two calls could be lost.
    with target.open("wb") as copy:
        while chunk := os.read(source, _CHUNK):
            copy.write(chunk)
        os.ftruncate(source, 0)
