"""The sockets that the server of an address listens on. They are kept while the process is started again."""

from __future__ import annotations

import contextlib
import socket
from typing import NamedTuple

from proa.kernel import kept_sockets

_BUFFER = 1 << 20
_BACKLOG = 1000


class Bound(NamedTuple):
    """Both sockets of one address."""

    datagrams: socket.socket
    streams: socket.socket


def bind(address: str, port: int, kept: dict[str, socket.socket]) -> Bound:
    """The address's sockets: those of the process before us, else new ones. Raises OSError.

    Takes what it uses out of `kept`.
    """
    with contextlib.ExitStack() as stack:
        found = []
        for kind, make in (("udp", _datagrams), ("tcp", _streams)):
            name = f"dns-{kind}-{address.replace(':', '.')}-{port}"
            bound = kept.pop(name, None) or make(address, port)
            stack.callback(bound.close)
            kept_sockets.keep(name, bound)
            found.append(bound)
        stack.pop_all()
    return Bound(*found)


def _datagrams(address: str, port: int) -> socket.socket:
    made = socket.socket(_family(address), socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    try:
        with contextlib.suppress(OSError):
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        made.bind((address, port))
    except OSError:
        made.close()
        raise
    return made


def _streams(address: str, port: int) -> socket.socket:
    made = socket.create_server((address, port), family=_family(address), backlog=_BACKLOG)
    made.setblocking(False)
    return made


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET
