"""Giving a volume to a pod's fsGroup (source: API reference, PodSecurityContext.fsGroup)."""

from __future__ import annotations

import os
import stat
from pathlib import Path


def give_to_group(top: Path, group: int) -> None:
    """Let the group own and write everything below; new files in directories inherit the group."""
    for directory, _, names in os.walk(top):
        _give(Path(directory), group)
        for name in names:
            _give(Path(directory, name), group)


def belongs_to_group(top: Path, group: int) -> bool:
    """Whether the top already is as `give_to_group` leaves it (fsGroupChangePolicy OnRootMismatch)."""
    info = top.stat()
    return info.st_gid == group and info.st_mode & 0o2070 == 0o2070


def _give(path: Path, group: int) -> None:
    info = path.lstat()
    if stat.S_ISLNK(info.st_mode):
        os.chown(path, -1, group, follow_symlinks=False)
        return
    os.chown(path, -1, group)
    extra = 0o2070 if stat.S_ISDIR(info.st_mode) else 0o060
    path.chmod(stat.S_IMODE(info.st_mode) | extra)
