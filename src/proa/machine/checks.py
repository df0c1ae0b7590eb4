"""What must hold before a cluster can start on this machine; each failure names its remedy."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
from collections.abc import Iterable, Iterator
from pathlib import Path

from proa.errors import MissingProgram, UserError

PROGRAMS = {
    "containerd": "containerd",
    "containerd-shim-runc-v2": "containerd",
    "ctr": "containerd",
    "runc": "runc",
    "nsenter": "util-linux",
    "perl": "perl-base",
    "umount": "mount",
}
"""Programs that run in a cluster, and the Debian packages that bring them."""
NFTABLES = ("libnftables.so.1", "libnftables1")
KUBELET_PORT = 10250
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_LISTEN = "0A"


def check_root() -> None:
    if os.geteuid() != 0:
        raise UserError("this needs root: run it as root or with sudo")


def check_programs() -> None:
    """Raises MissingProgram for the first that is not there."""
    path = f"{os.environ.get('PATH', '')}:{SYSTEM_PATH}"
    for program, package in PROGRAMS.items():
        if shutil.which(program, path=path) is None:
            raise MissingProgram(program, package)
    if not any(Path(folder, NFTABLES[0]).exists() for folder in _library_folders()):
        raise MissingProgram(*NFTABLES)


def check_port(address: str, port: int, flag: str = "") -> None:
    """Raises UserError, naming who has it, when the port cannot be listened on."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except PermissionError:
            raise UserError(f"port {port} of {address}: not permitted") from None
        except OSError as error:
            remedy = "stop it" + (f" or choose another port with {flag}" if flag else "")
            who = owner_of_port(port)
            if who is None:
                raise UserError(f"cannot listen on port {port} of {address}: {error.strerror}") from None
            raise UserError(f"port {port} is taken by {who}: {remedy}") from None


def owner_of_port(port: int) -> str | None:
    """Who listens on a TCP port, as "name (pid 12)"; None when nobody does."""
    inodes = {inode for table in ("tcp", "tcp6") for inode in _listeners(Path("/proc/net", table), port)}
    if not inodes:
        return None
    return next(_holders(inodes), "another process")


def _listeners(table: Path, port: int) -> Iterator[str]:
    lines = table.read_text().splitlines()[1:] if table.exists() else []
    for fields in map(str.split, lines):
        if fields[3] == _LISTEN and int(fields[1].rpartition(":")[2], 16) == port:
            yield fields[9]


def _holders(inodes: set[str]) -> Iterator[str]:
    wanted = {f"socket:[{inode}]" for inode in inodes}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it ended meanwhile
            if any(_target(link) in wanted for link in (folder / "fd").iterdir()):
                yield f"{(folder / 'comm').read_text().strip()} (pid {folder.name})"


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except OSError:  # closed meanwhile
        return ""


def _library_folders() -> Iterable[str]:
    machine = os.uname().machine
    return (
        "/usr/lib64",
        "/usr/lib",
        f"/usr/lib/{machine}-linux-gnu",
        f"/lib/{machine}-linux-gnu",
        "/lib64",
        "/lib",
    )
