"""How long does a list of many pods take, and how much memory do they?

PODS pods, as a ReplicaSet makes them; then the whole list, a page of 500, and the hundredth part by a label,
in milliseconds. Several sizes show how the cost grows.

    python benchmarks/api/lists.py [PODS...]
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import defaultdict
from collections.abc import Iterator

import aiohttp
import uvloop
from contestants import Contestant, contestants, report

_PARALLEL = 32
_ROUNDS = 5
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


async def _milliseconds(session: aiohttp.ClientSession, url: str) -> float:
    begin = time.perf_counter()
    async with session.get(url, headers={"Accept-Encoding": "identity"}) as answer:
        answer.raise_for_status()
        await answer.read()
    return (time.perf_counter() - begin) * 1000


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
                await _ask(server, size, samples)
    report("lists of pods", samples)


async def _ask(server: Contestant, size: int, samples: dict[str, dict[str, list[float]]]) -> None:
    async with server.session() as session:
        await session.get(f"{server.namespace}/configmaps")
        for name, query in QUERIES.items():
            spent = await _milliseconds(session, f"{server.namespace}/pods{query}")
            samples[f"{size}: {name}, ms"][server.name].append(spent)


uvloop.run(main())
