"""How soon do many watchers hear of a change?

WATCHERS watches of one collection, each on a TLS connection of its own, then EVENTS changes of an
object, some a second. The time of an event is from sending the change, whose durable write it
includes, until a watcher has read it. Server and watchers are a process each.

    python benchmarks/api_watch.py [WATCHERS [EVENTS [EVENTS-A-SECOND]]]
"""

from __future__ import annotations

import asyncio
import json
import re
import statistics
import sys
import time

import aiohttp
import uvloop

from serving import Served, serving

_STAMP = re.compile(rb'"k":"(\d+)"')


class Watcher(asyncio.Protocol):
    """Reads a watch and notes how old each event is."""

    def __init__(self) -> None:
        self.ages: list[float] = []
        self.writes = 0

    def data_received(self, data: bytes) -> None:
        now = time.monotonic_ns()
        stamps = _STAMP.findall(data)
        self.ages += [(now - int(stamp)) / 1e6 for stamp in stamps]
        self.writes += bool(stamps)


async def watch(served: Served, revision: str) -> Watcher:
    """A watch from a revision on."""
    loop, trust = asyncio.get_running_loop(), served.trust()
    transport, watcher = await loop.create_connection(Watcher, "127.0.0.1", served.port, ssl=trust)
    path = f"/api/v1/namespaces/default/configmaps?watch=true&resourceVersion={revision}"
    transport.write(
        f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {served.token}\r\n\r\n".encode()
    )
    return watcher


async def change(session: aiohttp.ClientSession, served: Served, events: int, rate: float) -> None:
    """Change an object again and again; the change tells its time."""
    headers = {"Content-Type": "application/merge-patch+json"}
    begin = time.monotonic()
    for count in range(events):
        await asyncio.sleep(max(0.0, begin + count / rate - time.monotonic()))
        patch = json.dumps({"data": {"k": str(time.monotonic_ns())}})
        async with session.patch(f"{served.namespace}/configmaps/y", data=patch, headers=headers) as answer:
            answer.raise_for_status()


async def main() -> None:
    """Measure and print."""
    given = [int(text) for text in sys.argv[1:]]
    watchers, events, rate = (given + [200, 200, 40][len(given) :])[:3]
    async with serving() as served:
        connector = aiohttp.TCPConnector(ssl=served.trust())
        async with aiohttp.ClientSession(connector=connector, headers=served.headers) as session:
            async with session.get(f"{served.namespace}/configmaps") as answer:
                revision = (await answer.json())["metadata"]["resourceVersion"]
            all_of_them = [await watch(served, revision) for _ in range(watchers)]
            await asyncio.sleep(1)
            await change(session, served, events, rate)
            await asyncio.sleep(1)
        ages = sorted(age for watcher in all_of_them for age in watcher.ages)
        cuts = statistics.quantiles(ages, n=100)
        print(
            f"{watchers} watchers, {events} events, {rate} a second: {len(ages)} of {watchers * events} seen"
        )
        print(f"ms   median {cuts[49]:.1f}   p90 {cuts[89]:.1f}   p99 {cuts[98]:.1f}   most {ages[-1]:.1f}")
        print(f"reads a watcher {sum(w.writes for w in all_of_them) / watchers:.0f}")
        print(f"resident {served.resident():.0f} MiB")


uvloop.run(main())
