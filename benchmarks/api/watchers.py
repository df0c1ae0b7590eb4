"""How soon do many watchers hear of a change?

WATCHERS watches of one collection, each on a TLS connection of its own, then EVENTS changes of an object,
some a second. The time of an event is from sending the change, whose durable write it includes, until a
watcher has read it, in milliseconds. All watchers are in one process beside this.

    python benchmarks/api/watchers.py [WATCHERS [EVENTS [EVENTS-A-SECOND [ROUNDS]]]]
"""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path

import uvloop
from contestants import Contestant, contestants, report

_READER = Path(__file__).with_name("reader.py")
_PATIENCE = 60.0


async def _reader(
    server: Contestant, revision: str, watchers: int, events: int
) -> asyncio.subprocess.Process:
    """A process that watches, once all its watches are open."""
    command = [sys.executable, str(_READER), server.namespace, str(server.folder / "ca.crt")]
    command += [revision, str(watchers), str(events)]
    pipe = subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, limit=1 << 30)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(server.token.encode())
    process.stdin.close()
    if not await process.stdout.readline():
        raise SystemExit(f"{server.name} refused a watch")
    return process


async def _send(server: Contestant, url: str, events: int, rate: float) -> list[int]:
    """Change the object so often; when each change was sent."""
    sent = list[int]()
    headers = {"Content-Type": "application/merge-patch+json"}
    async with server.session() as session:
        begin = time.monotonic()
        for count in range(events):
            await asyncio.sleep(max(0.0, begin + count / rate - time.monotonic()))
            sent.append(time.monotonic_ns())
            async with session.patch(
                url, data=json.dumps({"data": {"k": str(count)}}), headers=headers
            ) as answer:
                answer.raise_for_status()
    return sent


async def measure(server: Contestant, watchers: int, events: int, rate: float) -> tuple[list[float], float]:
    """The ages of all events, and seconds of CPU of the server."""
    path = f"{server.namespace}/configmaps"
    async with server.session() as session:
        await session.post(path, json={"metadata": {"name": "watched"}})
        await session.patch(
            f"{path}/watched", json={"data": None}, headers={"Content-Type": "application/merge-patch+json"}
        )
        async with session.get(path) as answer:
            revision = (await answer.json())["metadata"]["resourceVersion"]
    reader = await _reader(server, revision, watchers, events)
    await asyncio.sleep(1)
    cpu = server.cpu()
    sent = await _send(server, f"{path}/watched", events, rate)
    async with asyncio.timeout(_PATIENCE):
        arrivals = json.loads((await reader.communicate())[0])
    used = server.cpu() - cpu
    pairs = (pair for each in arrivals for pair in zip(each, sent, strict=True))
    return sorted((arrival - begin) / 1e6 for arrival, begin in pairs), used


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
