"""How many questions a second does the DNS server answer on one core, and how long does an answer take?

Server and load generator are two processes, each on a core of its own where there are two. The generator
is dnsperf when it is installed. Questions: names that exist (A), names that a search list makes up
(NXDOMAIN), headless names with four addresses.
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
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from proa.cluster.dns import DnsConfig, DnsServer
from proa.kube import ENDPOINT_SLICES, SERVICES, Manager
from support.memory_client import MemoryClient
from support.service_objects import endpoint, endpoint_slice, service

_PORT = 15353
_QUESTIONS = {
    "A of a Service": "s{}.d.svc.cluster.local A",
    "absent (search list)": "www.example.org{}.d.svc.cluster.local A",
    "A of a headless Service": "h{}.d.svc.cluster.local A",
}


def fill(api: MemoryClient, services: int) -> None:
    for number in range(services):
        ip = f"10.43.{number >> 8}.{number & 255}"
        api.put(SERVICES, service(f"s{number}", ip=ip))
    for number in range(100):
        api.put(SERVICES, service(f"h{number}", ip="None"))
        ready = [endpoint(f"10.42.{number}.{n}") for n in range(4)]
        api.put(ENDPOINT_SLICES, endpoint_slice(ready, service_name=f"h{number}"))


async def serve(services: int) -> None:
    api = MemoryClient()
    fill(api, services)
    config = DnsConfig(("127.0.0.1",), port=_PORT, metrics_port=0)
    manager = Manager(api.client)
    server = DnsServer(manager, config)
    async with asyncio.TaskGroup() as group:
        group.create_task(manager.run())
        group.create_task(server.run())
        await server.ready.wait()
        print("ready", flush=True)


def measure(pattern: str, seconds: float, services: int) -> tuple[float, float, float]:
    """(answers a second, mean milliseconds, lost) as dnsperf says."""
    count = services if pattern.startswith("s") else 100
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.writelines(f"{pattern.format(n)}\n" for n in range(count))
        file.flush()
        command = ["dnsperf", "-s", "127.0.0.1", "-p", str(_PORT), "-d", file.name]
        text = subprocess.run(
            [*command, "-l", str(seconds), "-q", "50", "-c", "4"], capture_output=True, text=True, check=True
        ).stdout
    rate = float(re.findall(r"Queries per second:\s+([\d.]+)", text)[0])
    mean = float(re.findall(r"Average Latency \(s\):\s+([\d.]+)", text)[0]) * 1e3
    lost = float(re.findall(r"Queries lost:\s+(\d+)", text)[0])
    return rate, mean, lost


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--services", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.serve:
        asyncio.run(serve(chosen.services))
        return
    if not shutil.which("dnsperf"):
        sys.exit("dnsperf is not installed: apt-get install dnsperf")
    server = subprocess.Popen(
        [sys.executable, __file__, "--serve", "--services", str(chosen.services)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    server.stdout.readline()
    time.sleep(0.5)
    if (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(server.pid, {0})
        os.sched_setaffinity(0, set(range(1, os.cpu_count() or 2)))
    rows = []
    try:
        for name, pattern in _QUESTIONS.items():
            runs = [measure(pattern, chosen.seconds, chosen.services) for _ in range(chosen.runs)]
            rate, mean, lost = (statistics.median(values) for values in zip(*runs, strict=True))
            rows.append({"questions": name, "per_second": rate, "mean_ms": mean, "lost": lost})
            print(f"{name:26} {rate:9,.0f}/s  mean {mean:6.2f} ms  lost {lost:.0f}")
        status = Path(f"/proc/{server.pid}/status").read_text()
        memory = int(re.findall(r"VmRSS:\s+(\d+)", status)[0]) / 1024
        print(f"server's memory with {chosen.services} Services: {memory:.0f} MB")
    finally:
        server.terminate()
        server.wait()
    print(json.dumps({"kernel": platform.release(), "python": platform.python_version(), "rows": rows}))


if __name__ == "__main__":
    main()
