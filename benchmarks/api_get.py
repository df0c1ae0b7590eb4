"""How many requests a second does the API server answer?

GET of a 0.6 KB ConfigMap and durable creates of such, over TLS with a service-account token, by
wrk at several numbers of connections; start to /readyz and resident memory besides. The server
runs in a process of its own, with its state in a temporary folder on a free port of the loopback.

    python benchmarks/api_get.py [SECONDS]
"""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

_SERVER = """
import sys, asyncio, uvloop
from pathlib import Path
from support.server import api_server
from proa.kube import CONFIG_MAPS, SERVICE_ACCOUNTS, Resource

BINDINGS = Resource("rbac.authorization.k8s.io", "v1", "clusterrolebindings", "ClusterRoleBinding", False)

async def main():
    async with api_server(Path(sys.argv[1])) as server:
        client = server.client()
        await client.create(SERVICE_ACCOUNTS, {"metadata": {"name": "default"}}, "default")
        role = {"apiGroup": BINDINGS.group, "kind": "ClusterRole", "name": "cluster-admin"}
        subject = {"kind": "ServiceAccount", "name": "default", "namespace": "default"}
        await client.create(BINDINGS, {"metadata": {"name": "b"}, "roleRef": role, "subjects": [subject]})
        await client.create(CONFIG_MAPS, {"metadata": {"name": "y"}, "data": {"k": "x" * 400}}, "default")
        answer = await client.create(
            SERVICE_ACCOUNTS, {"spec": {}}, "default", name="default", subresource="token"
        )
        print(server.port, answer["status"]["token"], flush=True)
        await asyncio.Event().wait()

uvloop.run(main())
"""
_CREATE = """
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '{"metadata":{"generateName":"b-"},"data":{"k":"' .. string.rep("x", 400) .. '"}}'
"""


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


def resident(pid: int) -> str:
    """Resident memory of a process."""
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    return f"{int(found[1]) / 1024:.0f} MiB" if found else "?"


async def main() -> None:
    """Measure and print."""
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 4
    with tempfile.TemporaryDirectory() as folder:
        begin = time.perf_counter()
        server = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            _SERVER,
            folder,
            stdout=-1,
            env={"PYTHONPATH": sys.path[0], "PATH": "/usr/bin:/bin"},
        )
        assert server.stdout is not None
        port, token = (await server.stdout.readline()).decode().split()
        print(f"process start to serving   {time.perf_counter() - begin:.2f} s")
        print(f"resident, empty            {resident(server.pid)}")
        script = Path(folder) / "create.lua"
        script.write_text(_CREATE)
        objects = f"https://127.0.0.1:{port}/api/v1/namespaces/default/configmaps"
        for connections in (1, 32):
            print(
                f"GET, {connections:2} connections       {wrk(f'{objects}/y', token, connections, seconds)}"
            )
        for connections in (1, 64):
            print(
                f"create, {connections:2} connections    {wrk(objects, token, connections, seconds, script)}"
            )
        print(f"resident, after            {resident(server.pid)}")
        server.kill()
        await server.wait()


asyncio.run(main())
