"""Mounting and unmounting; the kernel's answer becomes an OSError with the path in it."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterable
from pathlib import Path

_libc = ctypes.CDLL(None, use_errno=True)

_RDONLY, _NOSUID, _NODEV, _NOEXEC, _REMOUNT, _BIND = 1, 2, 4, 8, 32, 4096
_DETACH = 2


def mount_tmpfs(target: Path, *, size: int | None = None, private: bool = False) -> None:
    """Mount a tmpfs of at most `size` bytes; `private` forbids programs and devices on it.

    Else everybody may write to it, and remove what is his.
    """
    options = f"mode={'0755' if private else '1777'}" + (f",size={size}" if size else "")
    flags = _NOSUID | _NODEV | (_NOEXEC if private else 0)
    _mount("tmpfs", target, "tmpfs", flags, options)


def bind(source: str, target: Path) -> None:
    """Show `source` at `target`, which must exist and be of the same sort."""
    _mount(source, target, "", _BIND, "")


def mount_layers(kind: str, source: str, options: Iterable[str], target: Path) -> None:
    """Mount layers of an image, `bind` or `overlay` with its options, to be read only."""
    flags = _RDONLY | _NOSUID | _NODEV | _NOEXEC
    if kind == "bind":
        bind(source, target)
        _mount("", target, "", flags | _BIND | _REMOUNT, "")
    else:
        _mount(source, target, kind, flags, ",".join(option for option in options if "=" in option))


def unmount(target: Path) -> None:
    """Take a mount away, even while it is in use. Nothing happens when there is none."""
    if _libc.umount2(os.fsencode(target), _DETACH) and ctypes.get_errno() not in (22, 2):
        raise _error(target)


def is_mount(path: Path) -> bool:
    """Whether something is mounted exactly here."""
    return str(path) in _mount_points()


def mounts_below(directory: Path) -> list[Path]:
    """Mount points inside a directory, the deepest first."""
    prefix = f"{directory}/"
    inside = (point for point in _mount_points() if point.startswith(prefix))
    return sorted((Path(point) for point in inside), key=lambda path: -len(path.parts))


def unmount_below(directory: Path) -> None:
    """Take away every mount inside a directory."""
    for path in mounts_below(directory):
        unmount(path)


def _mount_points() -> list[str]:
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    return [_unescape(line.split(" ", 5)[4]) for line in lines]


def _unescape(field: str) -> str:
    """Mountinfo writes blanks and backslashes as octal (proc(5))."""
    if "\\" not in field:
        return field
    for code in ("040", "011", "012", "134"):
        field = field.replace(f"\\{code}", chr(int(code, 8)))
    return field


def _mount(source: str, target: Path, kind: str, flags: int, options: str) -> None:
    encoded = (os.fsencode(source), os.fsencode(target), os.fsencode(kind))
    if _libc.mount(*encoded, ctypes.c_ulong(flags), options.encode()):
        raise _error(target)


def _error(target: Path) -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number), str(target))
