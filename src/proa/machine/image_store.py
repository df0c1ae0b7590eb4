"""The images of a node's containerd, through `ctr`."""

from __future__ import annotations

import subprocess
from pathlib import Path

from proa.errors import MissingProgram, UserError

NAMESPACE = "k8s.io"
"""Where the CRI plugin keeps its images."""


def names(socket: Path) -> list[str]:
    """The names of all images that a kubelet of this containerd sees."""
    listed = _ctr(socket, "images", "ls", "-q").split()
    return [name for name in listed if not name.startswith("sha256:")]


def load(socket: Path, archive: Path) -> list[str]:
    """Import an archive; the names that it brought. Raises UserError when it is no image."""
    if not archive.is_file():
        raise UserError(f"{archive}: no such file")
    printed = _ctr(socket, "images", "import", str(archive))
    words = [line.split()[1] for line in printed.splitlines() if line.startswith("unpacking ")]
    return words or [str(archive)]


def _ctr(socket: Path, *arguments: str) -> str:
    command = ["ctr", "--address", str(socket), "--namespace", NAMESPACE, *arguments]
    try:
        result = subprocess.run(command, check=False, capture_output=True, text=True)
    except FileNotFoundError:
        raise MissingProgram("ctr", "containerd") from None
    if result.returncode:
        reason = (result.stderr.strip().splitlines() or ["no reason given"])[-1].removeprefix("ctr: ")
        raise UserError(f"containerd at {socket}: {' '.join(arguments[:2])}: {reason}")
    return result.stdout
