"""Many watches, read as cheaply as Python can: one process, one epoll, no JSON.

    python benchmarks/api/reader.py URL CA-FILE REVISION WATCHERS EVENTS < TOKEN

Prints a line when all watches are open, and after EVENTS events at each of them the times of their arrival,
in nanoseconds of the monotonic clock: a list of lists, by watcher and event.
"""

from __future__ import annotations

import json
import select
import socket
import ssl
import sys
import time
from urllib.parse import urlsplit

_END = b"}\n"


class Watcher:
    """One watch on a connection of its own."""

    def __init__(self, url: str, trust: ssl.SSLContext, token: str) -> None:
        address = urlsplit(url)
        host, port = address.hostname or "", address.port or 0
        self.socket = trust.wrap_socket(socket.create_connection((host, port)), server_hostname=host)
        head = (
            f"GET {address.path}?{address.query} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n"
        )
        self.socket.sendall(head.encode())
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += self.socket.recv(4096)
        if not answer.startswith(b"HTTP/1.1 200"):
            raise SystemExit(answer.decode())
        self.socket.setblocking(False)
        self.arrivals: list[int] = []
        self._last = b""

    def read(self) -> int:
        """Note the events that came; how many."""
        try:
            data = self.socket.recv(1 << 16)
        except ssl.SSLWantReadError:
            return 0
        if not data:
            raise SystemExit("a watch ended")
        came = (self._last + data).count(_END)
        self._last = data[-1:]
        self.arrivals += [time.monotonic_ns()] * came
        return came


def main() -> None:
    """Open, read, print."""
    url, ca, revision, watchers, events = sys.argv[1:]
    trust, token = ssl.create_default_context(cafile=ca), sys.stdin.read()
    path = f"{url}/configmaps?watch=true&resourceVersion={revision}"
    poll, by_number = select.epoll(), dict[int, Watcher]()
    for _ in range(int(watchers)):
        watcher = Watcher(path, trust, token)
        by_number[watcher.socket.fileno()] = watcher
        poll.register(watcher.socket, select.EPOLLIN)
    print(flush=True)
    missing = int(watchers) * int(events)
    while missing > 0:
        missing -= sum([by_number[number].read() for number, _ in poll.poll()])
    print(json.dumps([watcher.arrivals for watcher in by_number.values()]))


main()
