"""Sockets that outlive their process: whoever starts it again holds them meanwhile.

What clients send to a listening socket then waits for the next process instead of being refused. The
protocol is systemd's, and our own supervisor speaks it too: a process gives a socket away with FDSTORE=1 and
a name over NOTIFY_SOCKET, and the next one finds it from descriptor 3 on, LISTEN_FDS of them with their
LISTEN_FDNAMES. Source: sd_notify(3), sd_listen_fds(3).
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import MutableMapping

_FIRST = 3


def take(environment: MutableMapping[str, str] = os.environ) -> dict[str, socket.socket]:
    """The sockets that were kept, by name; a second call finds none."""
    count = int(environment.pop("LISTEN_FDS", "0"))
    names = environment.pop("LISTEN_FDNAMES", "").split(":")
    if environment.pop("LISTEN_PID", str(os.getpid())) != str(os.getpid()):
        return {}
    found = {}
    for descriptor, name in zip(range(_FIRST, _FIRST + count), names, strict=False):
        os.set_inheritable(descriptor, False)
        found[name] = socket.socket(fileno=descriptor)
        found[name].setblocking(False)
    return found


def keep(name: str, kept: socket.socket) -> None:
    """Have a socket kept under a name, which holds no colon; nothing happens when nobody would keep it."""
    path = os.environ.get("NOTIFY_SOCKET", "")
    if not path:
        return
    address = f"\0{path[1:]}" if path.startswith("@") else path
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.connect(address)
        socket.send_fds(channel, [f"FDSTORE=1\nFDNAME={name}".encode()], [kept.fileno()])
