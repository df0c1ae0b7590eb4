"""How soon do many watchers hear of a change?

WATCHERS watches of one collection, each on a TLS connection of its own, then EVENTS changes of an object,
some a second. The time of an event is from sending the change, whose durable write it includes, until a
watcher has read it, in milliseconds. All watchers are in this process.

    python benchmarks/api/watchers.py [WATCHERS [EVENTS [EVENTS-A-SECOND [ROUNDS]]]]
"""

from __future__ import annotations

import asyncio
import json
import re
import statistics
import sys
import time
from collections import defaultdict
from urllib.parse import urlsplit

import uvloop
from contestants import Contestant, contestants, report

_STAMP = re.compile(rb'"k":"(\d+)"')


class Watcher(asyncio.Protocol):
    """Reads a watch and notes how old each event is."""

    def __init__(self, ages: list[float]) -> None:
        self._ages = ages

    def data_received(self, data: bytes) -> None:
        now = time.monotonic_ns()
        self._ages.extend((now - int(stamp)) / 1e6 for stamp in _STAMP.findall(data))


async def _watch(server: Contestant, revision: str, ages: list[float]) -> asyncio.Transport:
    loop, trust, address = asyncio.get_running_loop(), server.trust(), urlsplit(server.url)
    host, port = address.hostname or "", address.port or 0
    connected = await loop.create_connection(lambda: Watcher(ages), host, port, ssl=trust)
    path = f"/api/v1/namespaces/default/configmaps?watch=true&resourceVersion={revision}"
    head = f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.token}\r\n\r\n"
    connected[0].write(head.encode())
    return connected[0]


async def measure(server: Contestant, watchers: int, events: int, rate: float) -> tuple[list[float], float]:
    """The ages of all events, and seconds of CPU of the server."""
    ages = list[float]()
    headers = {"Content-Type": "application/merge-patch+json"}
    async with server.session() as session:
        path = f"{server.namespace}/configmaps"
        await session.post(path, json={"metadata": {"name": "watched"}})
        async with session.get(path) as answer:
            revision = (await answer.json())["metadata"]["resourceVersion"]
        transports = [await _watch(server, revision, ages) for _ in range(watchers)]
        await asyncio.sleep(1)
        cpu, begin = server.cpu(), time.monotonic()
        for count in range(events):
            await asyncio.sleep(max(0.0, begin + count / rate - time.monotonic()))
            patch = json.dumps({"data": {"k": str(time.monotonic_ns())}})
            async with session.patch(f"{path}/watched", data=patch, headers=headers) as answer:
                answer.raise_for_status()
        await asyncio.sleep(1)
    for transport in transports:
        transport.abort()
    if len(ages) != watchers * events:
        raise SystemExit(f"{server.name}: {len(ages)} of {watchers * events} events seen")
    return sorted(ages), server.cpu() - cpu


async def main() -> None:
    """Measure and print."""
    given = [int(text) for text in sys.argv[1:]]
    watchers, events, rate, rounds = (given + [200, 200, 40, 3][len(given) :])[:4]
    samples: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    async with contestants() as servers:
        for server in servers * rounds:
            ages, cpu = await measure(server, watchers, events, rate)
            cuts = statistics.quantiles(ages, n=100)
            for name, value in (("median", cuts[49]), ("p99", cuts[98]), ("most", ages[-1])):
                samples[f"{name}, ms"][server.name].append(value)
            samples["CPU for one event, us"][server.name].append(cpu / len(ages) * 1e6)
    report(f"{watchers} watchers, {events} events, {rate} a second", samples)


uvloop.run(main())
