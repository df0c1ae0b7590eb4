"""How many requests a second, how soon ready, how much memory?

GET of a 0.6 KB ConfigMap and durable creates of such and of pods, over TLS with a service-account token, by
wrk at several numbers of connections. CPU is that of the server, with etcd's, for one request.

    python benchmarks/api/throughput.py [SECONDS [ROUNDS]]
"""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

from contestants import Contestant, contestants, report

_CONFIG_MAP = {"metadata": {"generateName": "b-"}, "data": {"k": "x" * 400}}
_CONTAINER = {"name": "c", "image": "i:1", "resources": {"requests": {"cpu": "1m"}}}
_POD = {"metadata": {"generateName": "p-", "labels": {"app": "b"}}, "spec": {"containers": [_CONTAINER]}}
_CREATE = """wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '%s'
"""
QUESTIONS = {
    "GET, 1 connection": ("configmaps/y", 1, None),
    "GET, 32 connections": ("configmaps/y", 32, None),
    "create ConfigMaps, 1": ("configmaps", 1, _CONFIG_MAP),
    "create ConfigMaps, 64": ("configmaps", 64, _CONFIG_MAP),
    "create Pods, 64": ("pods", 64, _POD),
}


def wrk(
    server: Contestant, path: str, connections: int, seconds: int, script: Path | None
) -> tuple[float, float]:
    """Requests a second, and microseconds of CPU for one."""
    command = [
        "wrk",
        "-t1",
        f"-c{connections}",
        f"-d{seconds}s",
        "-H",
        f"Authorization: Bearer {server.token}",
    ]
    command += ["-s", str(script)] if script else []
    before = server.cpu()
    url = f"{server.namespace}/{path}"
    text = subprocess.run([*command, url], check=True, capture_output=True, text=True).stdout
    count, rate = re.search(r"(\d+) requests in", text), re.search(r"Requests/sec:\s+(\S+)", text)
    if count is None or rate is None or "Non-2xx" in text:
        raise SystemExit(f"not all requests to {server.name} succeeded:\n{text}")
    return float(rate[1]), (server.cpu() - before) / int(count[1]) * 1e6


async def main() -> None:
    """Measure and print."""
    seconds, rounds = ([int(text) for text in sys.argv[1:]] + [4, 3][len(sys.argv) - 1 :])[:2]
    rates: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    async with contestants() as servers:
        for server in servers:
            rates["start to ready, s"][server.name].append(server.ready)
            rates["resident, empty, MiB"][server.name].append(server.resident())
            async with server.session() as session:
                body = {"metadata": {"name": "y"}, "data": {"k": "x" * 400}}
                await session.post(f"{server.namespace}/configmaps", json=body)
        for question, (path, connections, obj) in QUESTIONS.items():
            for server in servers * rounds:
                script = server.folder / "create.lua" if obj else None
                if script:
                    script.write_text(_CREATE % json.dumps(obj))
                rate, cpu = wrk(server, path, connections, seconds, script)
                rates[f"{question}, a second"][server.name].append(rate)
                rates[f"{question}, CPU us"][server.name].append(cpu)
    report("throughput", rates)


asyncio.run(main())
