"""Our service proxy beside kube-proxy in nftables mode: load, one change, memory, as they run for a user.

Both are given N Services with E endpoints by the same API (in memory, served over HTTP), each in a process
and a network namespace of its own, taking turns. Load is from the start of the process until the kernel
has the last Service, CPU what the process took for it; a change is from the write of an EndpointSlice until
the kernel shows it. Memory is the process's resident set after the changes, and the most it ever was.
Prints medians and JSON. Needs kube-proxy (scripts/peers).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import uvloop

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from proa.kernel import netns
from support.service_api import Api, serving
from support.service_objects import endpoint, endpoint_slice, service

ADDRESS = "10.80.0.1"
NODE = {
    "metadata": {"name": "node", "uid": "n", "resourceVersion": "1", "labels": {}},
    "spec": {"podCIDR": "10.42.0.0/24"},
    "status": {"addresses": [{"type": "InternalIP", "address": "10.80.0.2"}]},
}


def fill(api: Api, services: int, endpoints: int) -> None:
    api.put("nodes", dict(NODE))
    api.put("servicecidrs", {"metadata": {"name": "kubernetes"}, "spec": {"cidrs": ["10.43.0.0/16"]}})
    for number in range(services):
        name, high, low = f"s{number}", number >> 8, number & 255
        pods = [endpoint(f"10.{64 + at}.{high}.{low}", "peer") for at in range(endpoints)]
        api.put("services", service(name, ip=f"10.43.{high}.{low}"))
        api.put("endpointslices", endpoint_slice(pods, service_name=name))


def ours(_: Path) -> list[str]:
    return [sys.executable, __file__, "--proxy"]


def theirs(folder: Path) -> list[str]:
    kubeconfig = folder / "kubeconfig"
    kubeconfig.write_text(
        "apiVersion: v1\nkind: Config\n"
        f"clusters: [{{name: a, cluster: {{server: 'http://{ADDRESS}:8001'}}}}]\n"
        "users: [{name: a, user: {}}]\ncontexts: [{name: a, context: {cluster: a, user: a}}]\n"
        "current-context: a\n"
    )
    home = Path(os.environ.get("PROA_PEERS") or Path.home() / ".cache/proa-peers")
    program = shutil.which("kube-proxy", path=f"{home / 'bin'}:{os.environ['PATH']}")
    if program is None:
        sys.exit("kube-proxy is not installed: scripts/peers kube-proxy")
    config = folder / "config.yaml"
    config.write_text(
        "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\nmode: nftables\n"
        f"clientConnection: {{kubeconfig: {kubeconfig}, contentType: application/json}}\n"
        "clusterCIDR: 10.42.0.0/16\nconntrack: {maxPerCore: 0}\nhostnameOverride: node\n"
        "nftables: {minSyncPeriod: 0s}\n"
    )
    return [program, f"--config={config}"]


MAPS = {"proa": "inet proa service_frontends4", "kube-proxy": "ip kube-proxy service-ips"}
SYSTEMS = {"proa": ours, "kube-proxy": theirs}


def serves(system: str, path: Path, number: int) -> bool:
    """Whether the kernel has the Service of this number; asking for one element costs no time."""
    element = f"{{ 10.43.{number >> 8}.{number & 255} . tcp . 80 }}"
    command = ["nsenter", f"--net={path}", "nft", "get", "element", *MAPS[system].split(), element]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


async def measure(system: str, services: int, endpoints: int, changes: int) -> dict[str, float]:
    name = f"pbench{os.getpid() % 10000}"
    path = netns.create(name)
    subprocess.run(
        f"ip -n {name} link set lo up; ip -n {name} link add eth0 type bridge;"
        f" ip -n {name} addr add {ADDRESS}/24 dev eth0; ip -n {name} addr add 10.80.0.2/24 dev eth0;"
        f" ip -n {name} link set eth0 up; ip -n {name} route add default via 10.80.0.254",
        shell=True,
        check=True,
    )
    api = Api()
    fill(api, services, endpoints)
    try:
        with tempfile.TemporaryDirectory() as folder:
            async with serving(api, path, ADDRESS):
                began = time.perf_counter()
                process = subprocess.Popen(
                    ["nsenter", f"--net={path}", *SYSTEMS[system](Path(folder))],
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
                try:
                    await until(lambda: serves(system, path, services - 1))
                    load, cpu = time.perf_counter() - began, processor(process.pid)
                    await asyncio.sleep(2)
                    times = [await change(api, path, number, endpoints) for number in range(changes)]
                    memory, most = (mebibytes(process.pid, what) for what in ("VmRSS", "VmHWM"))
                finally:
                    process.kill()
                    process.wait()
    finally:
        netns.delete(name)
    change_ms = statistics.median(times) * 1e3
    return {"load_s": load, "cpu_s": cpu, "change_ms": change_ms, "memory_mb": memory, "most_mb": most}


async def change(api: Api, path: Path, number: int, endpoints: int) -> float:
    """Seconds from a new endpoint's write until the kernel has it, as `nft monitor` tells."""
    address = f"10.200.0.{number + 1}"
    monitor = await asyncio.create_subprocess_exec(
        "nsenter", f"--net={path}", "nft", "monitor", "new", stdout=subprocess.PIPE
    )
    assert monitor.stdout is not None
    # The monitor reads all rules first; and a proxy that waits between changes is rested.
    await asyncio.sleep(1.5 + len(api.objects["services"]) / 1000)
    pods = [
        endpoint(address, "peer"),
        *(endpoint(f"10.{64 + n}.0.{number}", "peer") for n in range(1, endpoints)),
    ]
    try:
        began = time.perf_counter()
        api.put("endpointslices", endpoint_slice(pods, service_name=f"s{number}"))
        async with asyncio.timeout(60):
            while address.encode() not in await monitor.stdout.readline():
                pass
        return time.perf_counter() - began
    finally:
        monitor.kill()
        await monitor.wait()


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(900):
        while not await asyncio.to_thread(holds):
            await asyncio.sleep(0.05)


def mebibytes(pid: int, what: str) -> float:
    return float(re.findall(rf"{what}:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[0]) / 1024


def processor(pid: int) -> float:
    """Seconds that a process and the children that it has waited for have had."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


async def proxy() -> None:
    """Ours alone, as the agent runs it."""
    from proa.cli.parts.running import collect_rarely
    from proa.kube import HttpClient, Manager
    from proa.kube.config import ClientConfig
    from proa.services import ServiceProxy, ServiceProxyConfig

    collect_rarely()
    client = HttpClient(ClientConfig(server=f"http://{ADDRESS}:8001"))
    manager = Manager(client)
    config = ServiceProxyConfig(node_name="node", node_ips=("10.80.0.2",))
    await asyncio.gather(ServiceProxy(manager, config).run(), manager.run())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--services", type=int, nargs="+", default=[1000, 5000, 10000])
    parser.add_argument("--endpoints", type=int, nargs="+", default=[2, 20])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--changes", type=int, default=5)
    parser.add_argument("--proxy", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.proxy:
        uvloop.run(proxy())
        return
    rows: list[dict[str, Any]] = []
    for count in chosen.services:
        for endpoints in chosen.endpoints:
            results: dict[str, list[dict[str, float]]] = {name: [] for name in SYSTEMS}
            for _ in range(chosen.runs):
                for name, taken in results.items():  # taking turns
                    taken.append(asyncio.run(measure(name, count, endpoints, chosen.changes)))
            for name, taken in results.items():
                row = {key: statistics.median(each[key] for each in taken) for key in taken[0]}
                rows.append({"system": name, "services": count, "endpoints": endpoints} | row)
                print(
                    f"{count:6} Services x {endpoints:2} {name:11}: load {row['load_s']:6.2f} s"
                    f" (CPU {row['cpu_s']:6.2f}), change {row['change_ms']:7.1f} ms,"
                    f" memory {row['memory_mb']:4.0f} MB (most {row['most_mb']:4.0f})",
                    flush=True,
                )
    print(json.dumps({"kernel": platform.release(), "python": platform.python_version(), "rows": rows}))


if __name__ == "__main__":
    main()
