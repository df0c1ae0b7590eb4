"""Does a flood of one client stall another?

One user asks for a ConfigMap fifty times a second, alone and beside another user's flood: wrk lists
ConfigMaps over 256 connections as fast as it is served. Printed are the first one's latencies, and how much
the flood got.

    python benchmarks/overload.py [SECONDS]
"""

from __future__ import annotations

import asyncio
import re
import ssl
import statistics
import subprocess
import sys
import time
from typing import Any

import aiohttp

from serving import Served, serving

_ROLE = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"}


async def other_token(served: Served, http: aiohttp.ClientSession) -> str:
    """The token of a second account with the same rights."""
    await http.post(f"{served.namespace}/serviceaccounts", json={"metadata": {"name": "other"}})
    subject = {"kind": "ServiceAccount", "name": "other", "namespace": "default"}
    binding = {"metadata": {"name": "other"}, "roleRef": _ROLE, "subjects": [subject]}
    bindings = f"https://127.0.0.1:{served.port}/apis/rbac.authorization.k8s.io/v1/clusterrolebindings"
    await http.post(bindings, json=binding)
    answer = await http.post(f"{served.namespace}/serviceaccounts/other/token", json={"spec": {}})
    token: dict[str, Any] = await answer.json()
    return str(token["status"]["token"])


async def latencies(served: Served, token: str, trust: ssl.SSLContext, seconds: float) -> list[float]:
    """Milliseconds of each request of the quiet user."""
    headers, taken = {"Authorization": f"Bearer {token}"}, []
    connector = aiohttp.TCPConnector(ssl=trust)
    async with aiohttp.ClientSession(connector=connector, headers=headers) as http:
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            begin = time.perf_counter()
            async with http.get(f"{served.namespace}/configmaps/y") as answer:
                await answer.read()
                assert answer.status == 200
            taken.append((time.perf_counter() - begin) * 1000)
            await asyncio.sleep(0.02)
    return taken


def told(name: str, taken: list[float]) -> str:
    high = statistics.quantiles(taken, n=100)[98]
    return f"{name:24} p50 {statistics.median(taken):6.1f} ms   p99 {high:6.1f} ms   {len(taken)} requests"


async def main() -> None:
    """Measure and print."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 5.0
    async with serving() as served:
        trust = served.trust()
        connector = aiohttp.TCPConnector(ssl=trust)
        async with aiohttp.ClientSession(connector=connector, headers=served.headers) as http:
            token = await other_token(served, http)
        print(told("alone", await latencies(served, token, trust, seconds)))
        flood = [
            "wrk",
            "-t1",
            "-c256",
            f"-d{seconds + 1:.0f}s",
            "-H",
            f"Authorization: Bearer {served.token}",
        ]
        url = f"{served.namespace}/configmaps"
        with subprocess.Popen([*flood, url], stdout=subprocess.PIPE, text=True) as process:
            await asyncio.sleep(1)
            print(told("beside the flood", await latencies(served, token, trust, seconds)))
            output, _ = await asyncio.to_thread(process.communicate)
        rate = re.search(r"Requests/sec:\s+(\S+)", output)
        refused = re.search(r"Non-2xx or 3xx responses: (\d+)", output)
        got, lost = rate[1] if rate else "?", refused[1] if refused else 0
        print(f"the flood                {got} a second, {lost} refused")


asyncio.run(main())
