"""How full filesystems and directories are. Directories are measured beside the loop, and remembered."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_BLOCK = 512
"""Bytes of a block of st_blocks, on every Linux filesystem."""


@dataclass(frozen=True, slots=True)
class Filesystem:
    """A whole filesystem, in bytes and inodes."""

    capacity: int
    available: int
    used: int
    inodes: int
    inodes_free: int

    @property
    def inodes_used(self) -> int:
        return self.inodes - self.inodes_free


@dataclass(frozen=True, slots=True)
class DirectoryUsage:
    """What a tree of files takes on the disk: bytes allocated, and inodes."""

    used: int
    inodes: int

    def __add__(self, other: DirectoryUsage) -> DirectoryUsage:
        return DirectoryUsage(self.used + other.used, self.inodes + other.inodes)


def filesystem(path: Path) -> Filesystem:
    """The filesystem on which a path lies. Raises OSError."""
    info = os.statvfs(path)
    return Filesystem(
        capacity=info.f_blocks * info.f_frsize,
        available=info.f_bavail * info.f_frsize,
        used=(info.f_blocks - info.f_bfree) * info.f_frsize,
        inodes=info.f_files,
        inodes_free=info.f_ffree,
    )


def directory_usage(top: Path) -> DirectoryUsage:
    """What lies at and below `top` on the same filesystem; a file with several links counts once."""
    seen: set[int] = set()
    try:
        device = top.lstat().st_dev
    except FileNotFoundError:
        return DirectoryUsage(0, 0)
    used = _count(top.lstat(), device, seen)
    pending = [str(top)]
    while pending:
        for entry in _entries(pending.pop()):
            try:
                info = entry.stat(follow_symlinks=False)
            except OSError:
                continue  # deleted meanwhile
            used += _count(info, device, seen)
            if entry.is_dir(follow_symlinks=False) and info.st_dev == device:
                pending.append(entry.path)
    return DirectoryUsage(used, len(seen))


def _count(info: os.stat_result, device: int, seen: set[int]) -> int:
    if info.st_dev != device or info.st_ino in seen:
        return 0
    seen.add(info.st_ino)
    return info.st_blocks * _BLOCK


def _entries(directory: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(directory) as found:
            return list(found)
    except OSError:
        return []  # deleted meanwhile, or a file


class DirectoryUsages:
    """Measured directories by path: one walk at a time, no oftener than is asked for."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[float, DirectoryUsage]] = {}
        self._walking = asyncio.Lock()

    async def get(self, path: Path, max_age: float) -> DirectoryUsage:
        """The usage, measured within the last `max_age` seconds."""
        async with self._walking:
            known = self._known.get(path)
            if known is None or time.monotonic() - known[0] > max_age:
                known = (time.monotonic(), await asyncio.to_thread(directory_usage, path))
                self._known[path] = known
        return known[1]

    def keep(self, directories: Iterable[Path]) -> None:
        """Forget all but these."""
        wanted = set(directories)
        self._known = {path: known for path, known in self._known.items() if path in wanted}
