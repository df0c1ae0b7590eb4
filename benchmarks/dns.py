"""How many questions a second does the DNS server answer on one core, and how long does an answer take?

Server and load generator (dnsperf) are two processes, each on a core of its own where there are two.
The rate is with 100 questions under way; the processor time that the server took for each says what a core
that nobody else uses gives. Times are measured apart, at a rate that is half of the goal of 20,000/s. The
resolver of other names is asked once for each; then they come from the cache. Prints medians and JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import re
import shutil
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from dnslib import RR, A, DNSRecord

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from proa.cluster.dns import DnsConfig, DnsServer
from proa.kube import ENDPOINT_SLICES, SERVICES, Manager
from support.memory_client import MemoryClient
from support.service_objects import endpoint, endpoint_slice, service

_PORT = 15353
_RESOLVER = "127.0.0.53"
_PACE = 10_000


class Questions(NamedTuple):
    """What is asked, with a number in it that is below 100; how, and further options of dnsperf."""

    pattern: str
    options: tuple[str, ...] = ()


_QUESTIONS = {
    "A of a Service": Questions("s{}.d.svc.cluster.local A"),
    "the same, EDNS": Questions("s{}.d.svc.cluster.local A", ("-e",)),
    "A of a headless Service": Questions("h{}.d.svc.cluster.local A"),
    "SRV of a Service": Questions("_web._tcp.s{}.d.svc.cluster.local SRV"),
    "PTR of a Service": Questions("{}.0.43.10.in-addr.arpa PTR"),
    "absent (search list)": Questions("www.example.org{}.d.svc.cluster.local A"),
    "other name, cached": Questions("www{}.example.org A"),
}


def fill(api: MemoryClient, services: int) -> None:
    ports = [{"name": "web", "port": 80, "protocol": "TCP"}]
    for number in range(services):
        api.put(SERVICES, service(f"s{number}", ip=f"10.43.{number >> 8}.{number & 255}", ports=ports))
    for number in range(100):
        api.put(SERVICES, service(f"h{number}", ip="None"))
        ready = [endpoint(f"10.42.{number}.{n}") for n in range(4)]
        api.put(ENDPOINT_SLICES, endpoint_slice(ready, service_name=f"h{number}"))


class Resolver(asyncio.DatagramProtocol):
    """Knows an address for every name."""

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]  # as bound
        self._transport = transport

    def datagram_received(self, data: bytes, peer: tuple[str, int]) -> None:
        answer = DNSRecord.parse(data).reply()
        answer.add_answer(RR(answer.q.qname, rdata=A("192.0.2.1"), ttl=300))
        self._transport.sendto(answer.pack(), peer)


async def serve(services: int) -> None:
    api = MemoryClient()
    fill(api, services)
    with tempfile.NamedTemporaryFile("w") as resolv_conf:
        resolv_conf.write(f"nameserver {_RESOLVER}\n")
        resolv_conf.flush()
        await asyncio.get_running_loop().create_datagram_endpoint(Resolver, (_RESOLVER, 53))
        config = DnsConfig(("127.0.0.1",), port=_PORT, metrics_port=0, resolv_conf=Path(resolv_conf.name))
        manager = Manager(api.client)
        server = DnsServer(manager, config)
        async with asyncio.TaskGroup() as group:
            group.create_task(manager.run())
            group.create_task(server.run())
            await server.ready.wait()
            print("ready", flush=True)


def asked(questions: Questions, *options: str) -> str:
    """What dnsperf says."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.writelines(f"{questions.pattern.format(n)}\n" for n in range(100))
        file.flush()
        command = ["dnsperf", "-s", "127.0.0.1", "-p", str(_PORT), "-d", file.name, "-c", "4"]
        told = subprocess.run(
            [*command, *questions.options, *options], capture_output=True, text=True, check=True
        )
        return told.stdout


def processor(pid: int) -> float:
    """Seconds of processor time that a process has had."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(questions: Questions, seconds: float, server: int) -> dict[str, float]:
    """Answers a second, the server's microseconds for one, how many were lost; median and slow answers."""
    asked(questions, "-n", "1")  # what is kept is kept by now
    before = processor(server)
    text = asked(questions, "-l", str(seconds))
    spent = processor(server) - before
    completed = int(re.findall(r"Queries completed:\s+(\d+)", text)[0])
    calm = asked(questions, "-l", str(seconds), "-Q", str(_PACE), "-v")
    times = sorted(float(found) * 1e3 for found in re.findall(r"^> \w+ .* ([\d.]+)$", calm, re.MULTILINE))
    return {
        "per_second": float(re.findall(r"Queries per second:\s+([\d.]+)", text)[0]),
        "cpu_us": spent / completed * 1e6,
        "lost": float(re.findall(r"Queries lost:\s+(\d+)", text)[0]),
        "p50_ms": statistics.median(times),
        "p99_ms": times[int(len(times) * 0.99)],
    }


def measure_stream(seconds: float, server: int) -> dict[str, float]:
    """The same by one TCP connection, whose questions dnsperf sends too slowly; 50 under way, then one."""
    query = DNSRecord.question("s1.d.svc.cluster.local").pack()
    message = struct.pack("!H", len(query)) + query
    with socket.create_connection(("127.0.0.1", _PORT)) as stream:
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        before, began = processor(server), time.perf_counter()
        completed = len(exchanged(stream, message, 50, seconds))
        taken, spent = time.perf_counter() - began, processor(server) - before
        times = sorted(exchanged(stream, message, 1, seconds))
    return {
        "per_second": completed / taken,
        "cpu_us": spent / completed * 1e6,
        "lost": 0.0,
        "p50_ms": statistics.median(times),
        "p99_ms": times[int(len(times) * 0.99)],
    }


def exchanged(stream: socket.socket, message: bytes, under_way: int, seconds: float) -> list[float]:
    """Milliseconds that each answer took."""
    end, times = time.perf_counter() + seconds, []
    sent: deque[float] = deque()
    waiting = b""
    while sent or time.perf_counter() < end:
        while len(sent) < under_way and (now := time.perf_counter()) < end:
            sent.append(now)
            stream.sendall(message)
        waiting += stream.recv(1 << 16)
        while len(waiting) > 2 and len(waiting) >= (whole := 2 + int.from_bytes(waiting[:2], "big")):
            waiting = waiting[whole:]
            times.append((time.perf_counter() - sent.popleft()) * 1e3)
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--services", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.serve:
        import uvloop

        uvloop.run(serve(chosen.services))
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
        ways: dict[str, Callable[[float, int], dict[str, float]]]
        ways = {name: partial(measure, questions) for name, questions in _QUESTIONS.items()}
        for name, way in (ways | {"A of a Service, TCP": measure_stream}).items():
            runs = [way(chosen.seconds, server.pid) for _ in range(chosen.runs)]
            row = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
            rows.append({"questions": name, **row})
            print(
                f"{name:26} {row['per_second']:9,.0f}/s {row['cpu_us']:6.1f} us of the server's core each,"
                f" lost {row['lost']:.0f}; paced p50 {row['p50_ms']:.2f} p99 {row['p99_ms']:.2f} ms",
                flush=True,
            )
        status = Path(f"/proc/{server.pid}/status").read_text()
        memory = int(re.findall(r"VmRSS:\s+(\d+)", status)[0]) / 1024
        print(f"server's memory with {chosen.services} Services: {memory:.0f} MB")
    finally:
        server.terminate()
        server.wait()
    print(json.dumps({"kernel": platform.release(), "python": platform.python_version(), "rows": rows}))


if __name__ == "__main__":
    main()
