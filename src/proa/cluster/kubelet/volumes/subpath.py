"""A part of a volume as a mount of its own, without a way out of the volume.

A container can plant symbolic links in a volume. The path is therefore resolved, checked to lie in
the volume, and then opened component by component without following links; what is mounted is the
open file, so nothing can be swapped between the check and the mount.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path, PurePosixPath

from proa.cluster.kubelet.mounts import bind, is_mount, unmount
from proa.cluster.kubelet.problems import VolumeProblem

_LARGEST = 1 << 20


def bind_subpath(volume: Path, subpath: str, target: Path) -> Path:
    """Mount `subpath` of the volume at `target`, made if missing; returns `target`.

    Raises VolumeProblem when the path leads out of the volume, and OSError.
    """
    descriptor = open_inside(volume, subpath)
    try:
        is_directory = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        _prepare(target, is_directory=is_directory)
        bind(f"/proc/self/fd/{descriptor}", target)
    finally:
        os.close(descriptor)
    return target


def open_inside(volume: Path, subpath: str, *, make: bool = True) -> int:
    """A descriptor (O_PATH) of a path in the volume; with `make`, missing directories are made.

    Raises VolumeProblem when the path leads out of the volume, and OSError.
    """
    relative = PurePosixPath(subpath)
    if relative.is_absolute() or ".." in relative.parts:
        raise VolumeProblem(f"subPath {subpath!r} must be relative and not contain '..'")
    root = volume.resolve()
    wanted = (root / relative).resolve()
    if not wanted.is_relative_to(root):
        raise VolumeProblem(f"subPath {subpath!r} leads out of the volume")
    descriptor = os.open(root, os.O_PATH | os.O_CLOEXEC)
    for part in wanted.relative_to(root).parts:
        try:
            inner = _open(descriptor, part, make=make)
        finally:
            os.close(descriptor)
        descriptor = inner
    return descriptor


def read_inside(volume: Path, path: str) -> str:
    """The text of a file of at most a mebibyte in the volume. Raises VolumeProblem, OSError."""
    descriptor = open_inside(volume, path.lstrip("/"), make=False)
    try:
        info = os.fstat(descriptor)
        if not stat.S_ISREG(info.st_mode) or info.st_size > _LARGEST:
            raise VolumeProblem(f"{path!r} is no file of at most {_LARGEST} bytes")
        return Path(f"/proc/self/fd/{descriptor}").read_text(errors="surrogateescape")
    finally:
        os.close(descriptor)


def _open(parent: int, name: str, *, make: bool) -> int:
    flags = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        descriptor = os.open(name, flags, dir_fd=parent)
    except FileNotFoundError:
        if not make:
            raise
        os.mkdir(name, os.fstat(parent).st_mode & 0o777, dir_fd=parent)
        os.chmod(name, os.fstat(parent).st_mode & 0o7777, dir_fd=parent)
        os.chown(name, os.fstat(parent).st_uid, os.fstat(parent).st_gid, dir_fd=parent)
        descriptor = os.open(name, flags, dir_fd=parent)
    if stat.S_ISLNK(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise VolumeProblem(f"{name!r} turned into a symbolic link")
    return descriptor


def _prepare(target: Path, *, is_directory: bool) -> None:
    """An empty mount point of the right sort."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if is_mount(target):
        unmount(target)
    if target.exists() and target.is_dir() != is_directory:
        target.rmdir() if target.is_dir() else target.unlink()
    if is_directory:
        target.mkdir(exist_ok=True)
    else:
        target.touch()
