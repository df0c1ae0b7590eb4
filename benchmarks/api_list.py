"""How long does a list of many pods take, and how much memory do they?

PODS pods, then: the whole list, pages of 500, and the hundredth part by a label. Times are medians.

    python benchmarks/api_list.py [PODS]
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time
from collections.abc import Awaitable, Callable

import aiohttp
import uvloop

from serving import Served, serving

_PARALLEL = 32
_ROUNDS = 5


def pod(number: int) -> str:
    """A pod as a ReplicaSet makes it, running."""
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


async def fill(session: aiohttp.ClientSession, pods: str, count: int) -> None:
    """Make the pods."""
    numbers = iter(range(count))
    headers = {"Content-Type": "application/json"}

    async def worker() -> None:
        for number in numbers:
            async with session.post(pods, data=pod(number), headers=headers) as answer:
                answer.raise_for_status()

    await asyncio.gather(*(worker() for _ in range(_PARALLEL)))


async def read(session: aiohttp.ClientSession, url: str) -> bytes:
    """The body of an answer."""
    async with session.get(url) as answer:
        return await answer.read()


async def read_pages(session: aiohttp.ClientSession, pods: str) -> int:
    """All pages; how many."""
    count, token = 0, ""
    while token or not count:
        page = json.loads(await read(session, f"{pods}?limit=500&continue={token}"))
        count, token = count + 1, page["metadata"].get("continue", "")
    return count


async def median(work: Callable[[], Awaitable[object]]) -> float:
    """Milliseconds of a piece of work."""
    times = []
    for _ in range(_ROUNDS):
        begin = time.perf_counter()
        await work()
        times.append((time.perf_counter() - begin) * 1000)
    return statistics.median(times)


async def measure(session: aiohttp.ClientSession, served: Served, count: int) -> None:
    """Fill and read."""
    pods = f"{served.namespace}/pods"
    print(f"resident, empty            {served.resident():.0f} MiB")
    begin = time.perf_counter()
    await fill(session, pods, count)
    print(f"creating {count} pods      {time.perf_counter() - begin:.1f} s")
    print(f"resident, {count} pods     {served.resident():.0f} MiB")
    whole = len(await read(session, pods))
    print(f"whole, {whole >> 20} MiB              {await median(lambda: read(session, pods)):.0f} ms")
    print(f"pages of 500, each         {await median(lambda: read(session, f'{pods}?limit=500')):.1f} ms")
    print(f"all pages, with decoding   {await median(lambda: read_pages(session, pods)):.0f} ms")
    by_label = f"{pods}?labelSelector=part%3D7"
    print(f"by label, 1 of 100         {await median(lambda: read(session, by_label)):.1f} ms")
    print(f"resident, after            {served.resident():.0f} MiB")


async def main() -> None:
    """Measure and print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 12_000
    async with serving() as served:
        connector = aiohttp.TCPConnector(ssl=served.trust())
        async with aiohttp.ClientSession(connector=connector, headers=served.headers) as session:
            await measure(session, served, count)


uvloop.run(main())
