"""How long does a list of many pods take, and how much memory do they?

PODS pods, as a ReplicaSet makes them; then the whole list, a page of 500, and the hundredth part by a label,
in milliseconds until the last byte was read, and the CPU that both sides spent on it. Several sizes show how
the cost grows. The client reads into one buffer and looks only for the end.

    python benchmarks/api/lists.py [PODS...]
"""

from __future__ import annotations

import asyncio
import json
import re
import socket
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from urllib.parse import urlsplit

import aiohttp
import uvloop
from contestants import Contestant, contestants, report

_PARALLEL = 32
_ROUNDS = 7
QUERIES = {
    "whole": "?resourceVersion=0",
    "page of 500": "?limit=500",
    "by label, 1 of 100": "?labelSelector=part%3D7",
}


def pod(number: int) -> str:
    """A pod of a ReplicaSet."""
    container = {
        "name": "web",
        "image": "docker.io/library/web:1",
        "ports": [{"containerPort": 80}],
        "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}},
        "env": [{"name": "A", "value": "1"}],
    }
    labels = {"app": "web", "part": str(number % 100)}
    return json.dumps(
        {"metadata": {"name": f"web-{number}", "labels": labels}, "spec": {"containers": [container]}}
    )


async def _fill(session: aiohttp.ClientSession, pods: str, numbers: Iterator[int]) -> None:
    headers = {"Content-Type": "application/json"}

    async def worker() -> None:
        for number in numbers:
            async with session.post(pods, data=pod(number), headers=headers) as answer:
                answer.raise_for_status()

    await asyncio.gather(*(worker() for _ in range(_PARALLEL)))


class Reader:
    """A connection that asks for lists."""

    def __init__(self, server: Contestant) -> None:
        address = urlsplit(server.url)
        host = address.hostname or ""
        connected = socket.create_connection((host, address.port or 0))
        self.socket = server.trust().wrap_socket(connected, server_hostname=host)
        self._head = f" HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.token}\r\n\r\n"
        self._buffer = bytearray(1 << 20)

    def milliseconds(self, path: str) -> float:
        """Until all of the answer was read."""
        begin = time.perf_counter()
        self.socket.sendall(f"GET {path}{self._head}".encode())
        data = b""
        while b"\r\n\r\n" not in data:
            data += self.socket.recv(1 << 16)
        head, _, body = data.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise SystemExit(head.decode())
        length = re.search(rb"content-length: (\d+)", head.lower())
        if length:
            self._read(int(length[1]) - len(body))
        else:
            self._read_chunks(body)
        return (time.perf_counter() - begin) * 1000

    def _read(self, size: int) -> None:
        while size > 0:
            size -= self.socket.recv_into(self._buffer, min(size, len(self._buffer)))

    def _read_chunks(self, last: bytes) -> None:
        while not last.endswith(b"0\r\n\r\n"):
            count = self.socket.recv_into(self._buffer)
            last = last[-8:] + self._buffer[max(0, count - 8) : count]


async def main() -> None:
    """Measure and print."""
    sizes = sorted(int(text) for text in sys.argv[1:]) or [12_000]
    samples: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    async with contestants() as servers:
        for before, size in zip([0, *sizes], sizes, strict=False):
            for server in servers:
                async with server.session() as session:
                    await _fill(session, f"{server.namespace}/pods", iter(range(before, size)))
                samples[f"{size}: resident, MiB"][server.name].append(server.resident())
            for server in servers * _ROUNDS:
                _ask(server, size, samples)
    report("lists of pods", samples)


def _ask(server: Contestant, size: int, samples: dict[str, dict[str, list[float]]]) -> None:
    reader = Reader(server)
    reader.milliseconds("/version")
    for name, query in QUERIES.items():
        cpu, own = server.cpu(), time.process_time()
        spent = reader.milliseconds(f"{urlsplit(server.namespace).path}/pods{query}")
        samples[f"{size}: {name}, ms"][server.name].append(spent)
        samples[f"{size}: {name}, CPU of the client"][server.name].append((time.process_time() - own) * 1000)
        samples[f"{size}: {name}, CPU of the server"][server.name].append((server.cpu() - cpu) * 1000)
    reader.socket.close()


uvloop.run(main())
