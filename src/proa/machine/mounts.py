"""What is mounted where, as the kernel says it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path


def points() -> Iterator[str]:
    """All mount points of this mount namespace, in the order of mounting."""
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        yield line.split()[4].encode().decode("unicode_escape")


def below(folder: Path) -> list[str]:
    """The mount points below a folder, in the order of mounting."""
    return [point for point in points() if point.startswith(f"{folder}/")]


def is_point(path: Path) -> bool:
    """Whether something is mounted there; unlike os.path.ismount, also a folder bound to itself."""
    return str(path) in points()


def detach_below(*folders: Path) -> None:
    """Detach everything that is mounted below these folders, innermost first."""
    found = [point for folder in folders for point in below(folder)]
    if found:
        subprocess.run(["umount", "--lazy", "--no-canonicalize", *reversed(found)], check=False)
