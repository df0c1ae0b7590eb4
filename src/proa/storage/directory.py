"""Making and removing a volume's directory without ever leaving the path that it belongs below.

The base is the administrator's and may be anything; every step below it is opened relative to
the step before and never through a symbolic link, so a pod that plants links leads nowhere.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

_OPEN = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_VOLUME_MODE = 0o777
_PARENT_MODE = 0o700


class VolumeBackend(Protocol):
    """What holds the bytes of a volume. Both calls may be repeated at any time; both block."""

    def make(self, base: str, relative: str) -> None:
        """The volume is there, durably. Raises OSError."""

    def remove(self, base: str, relative: str) -> None:
        """The volume and all in it is gone. Raises OSError."""


class DirectoryBackend:
    """A volume is a plain directory with mode 0777 on the file system of its base."""

    def make(self, base: str, relative: str) -> None:
        """Create what is missing; what is there keeps its content and mode."""
        _make_base(Path(base))
        *parents, name = Path(relative).parts
        with _opened(os.open(base, _OPEN & ~os.O_NOFOLLOW)) as descriptor:
            _refuse_when_full(descriptor, base)
            _descend_making(descriptor, [*((p, _PARENT_MODE) for p in parents), (name, _VOLUME_MODE)])

    def remove(self, base: str, relative: str) -> None:
        """Remove the tree; parents that a path pattern made stay. Refuses while a mount is in it."""
        _refuse_when_mounted(Path(base) / relative)
        *parents, name = Path(relative).parts
        try:
            with (
                _opened(os.open(base, _OPEN & ~os.O_NOFOLLOW)) as descriptor,
                _descended(descriptor, parents) as last,
            ):
                shutil.rmtree(name, dir_fd=last)
                os.fsync(last)
        except FileNotFoundError:
            return


def explain(fault: Exception) -> str:
    """What went wrong, and where: `/data: no space left on device`."""
    if isinstance(fault, OSError) and fault.strerror:
        return f"{fault.filename}: {fault.strerror.lower()}" if fault.filename else fault.strerror.lower()
    return str(fault)


def _make_base(base: Path) -> None:
    if not base.is_dir():
        base.mkdir(mode=_PARENT_MODE, parents=True, exist_ok=True)
        with _opened(os.open(base.parent, os.O_RDONLY | os.O_DIRECTORY)) as descriptor:
            os.fsync(descriptor)


def _descend_making(descriptor: int, steps: list[tuple[str, int]]) -> None:
    if not steps:
        return
    name, mode = steps[0]
    with suppress(FileExistsError):
        os.mkdir(name, mode, dir_fd=descriptor)
    with _opened(_open_below(descriptor, name)) as child:
        # An empty directory with another mode is one whose making was cut short.
        if stat.S_IMODE(os.fstat(child).st_mode) != mode and not os.listdir(child):  # noqa: PTH208 - a descriptor
            os.fchmod(child, mode)
        os.fsync(child)
        os.fsync(descriptor)
        _descend_making(child, steps[1:])


@contextmanager
def _descended(descriptor: int, parents: list[str]) -> Iterator[int]:
    if not parents:
        yield descriptor
        return
    with _opened(_open_below(descriptor, parents[0])) as child, _descended(child, parents[1:]) as last:
        yield last


def _open_below(descriptor: int, name: str) -> int:
    try:
        return os.open(name, _OPEN, dir_fd=descriptor)
    except OSError as fault:
        if fault.errno in (errno.ELOOP, errno.ENOTDIR):
            raise NotADirectoryError(fault.errno, "not a directory of its own", name) from None
        raise


def _refuse_when_full(descriptor: int, base: str) -> None:
    """A directory can be made on a file system without a free block; a volume there would hold nothing."""
    usage = os.fstatvfs(descriptor)
    if usage.f_blocks and not usage.f_bavail:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), base)


def _refuse_when_mounted(path: Path) -> None:
    inside = str(path) + "/"
    for line in (
        Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    ):
        point = line.split(" ", 5)[4].replace("\\040", " ")
        if point == str(path) or point.startswith(inside):
            raise OSError(errno.EBUSY, "still mounted", point)


@contextmanager
def _opened(descriptor: int) -> Iterator[int]:
    try:
        yield descriptor
    finally:
        os.close(descriptor)
