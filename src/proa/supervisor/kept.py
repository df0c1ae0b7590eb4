"""Sockets that parts give away to have them back when they are started again.

As systemd does it (sd_notify(3), FDSTORE): each part has a datagram socket for this, and finds what was kept
from descriptor 3 on.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
from pathlib import Path

_FIRST = 3
_MOST = 16
_HIGH = 200
"""Kept descriptors lie above, out of the way of those that a part inherits."""


class KeptSockets:
    """What one part has given away. `channel` is readable when it gives something."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.unlink(missing_ok=True)
        self.channel = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self.channel.bind(str(path))
        path.chmod(0o600)
        self._descriptors: dict[str, int] = {}

    def receive(self) -> None:
        """Take what the part has sent; a name that is kept already is replaced."""
        with contextlib.suppress(BlockingIOError):
            while True:
                data, descriptors, _, _ = socket.recv_fds(self.channel, 4096, _MOST)
                fields = dict(line.partition("=")[::2] for line in data.decode(errors="replace").splitlines())
                self._store(fields, descriptors)

    def environment(self) -> dict[str, str]:
        """What the part's next process is told."""
        kept = {"LISTEN_FDS": str(len(self._descriptors)), "LISTEN_FDNAMES": ":".join(self._descriptors)}
        return {"NOTIFY_SOCKET": str(self._path)} | (kept if self._descriptors else {})

    def file_actions(self) -> list[tuple[int, int, int]]:
        """What gives the descriptors to a process that is spawned."""
        places = enumerate(self._descriptors.values(), _FIRST)
        return [(os.POSIX_SPAWN_DUP2, descriptor, place) for place, descriptor in places]

    def close(self) -> None:
        """Let go of everything."""
        self.channel.close()
        self._path.unlink(missing_ok=True)
        for descriptor in self._descriptors.values():
            os.close(descriptor)
        self._descriptors.clear()

    def _store(self, fields: dict[str, str], descriptors: list[int]) -> None:
        name = fields.get("FDNAME", "")
        for descriptor in descriptors:
            if fields.get("FDSTORE") == "1" and name and (name in self._descriptors or self._has_room()):
                high = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, _HIGH)
                if name in self._descriptors:
                    os.close(self._descriptors[name])
                self._descriptors[name] = high
            os.close(descriptor)

    def _has_room(self) -> bool:
        return len(self._descriptors) < _MOST
