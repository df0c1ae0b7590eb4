"""How many requests a second does the API server answer?

GET of a 0.6 KB ConfigMap and durable creates of such and of pods, over TLS with a service-account token, by
wrk at several numbers of connections; start to /readyz and resident memory besides. The server
runs in a process of its own, with its state in a temporary folder on a free port of the loopback.

    python benchmarks/api_get.py [SECONDS]
"""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import time
from pathlib import Path

from serving import serving

_CREATE = """
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '%s'
"""
_CONFIG_MAP = {"metadata": {"generateName": "b-"}, "data": {"k": "x" * 400}}
_CONTAINER = {"name": "c", "image": "i:1", "resources": {"requests": {"cpu": "1m"}}}
_POD = {"metadata": {"generateName": "p-", "labels": {"app": "b"}}, "spec": {"containers": [_CONTAINER]}}


def wrk(url: str, token: str, connections: int, seconds: int, script: Path | None = None) -> str:
    """Requests a second and the 99th percentile."""
    command = [
        "wrk",
        "-t1",
        f"-c{connections}",
        f"-d{seconds}s",
        "--latency",
        "-H",
        f"Authorization: Bearer {token}",
    ]
    command += ["-s", str(script)] if script else []
    text = subprocess.run([*command, url], check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in text:
        raise SystemExit(f"not all requests succeeded:\n{text}")
    rate, high = re.search(r"Requests/sec:\s+(\S+)", text), re.search(r"99%\s+(\S+)", text)
    return f"{float(rate[1]):9,.0f}/s  p99 {high[1]}" if rate and high else text


async def main() -> None:
    """Measure and print."""
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 4
    begin = time.perf_counter()
    async with serving() as served:
        print(f"process start to serving   {time.perf_counter() - begin:.2f} s")
        print(f"resident, empty            {served.resident():.0f} MiB")
        for connections in (1, 32):
            answered = wrk(f"{served.namespace}/configmaps/y", served.token, connections, seconds)
            print(f"GET, {connections:2} connections       {answered}")
        script = served.folder / "create.lua"
        for plural, body in (("configmaps", _CONFIG_MAP), ("pods", _POD)):
            script.write_text(_CREATE % json.dumps(body))
            for connections in (1, 64):
                answered = wrk(f"{served.namespace}/{plural}", served.token, connections, seconds, script)
                print(f"create, {plural:10} {connections:2}   {answered}")
        print(f"resident, after            {served.resident():.0f} MiB")


asyncio.run(main())
