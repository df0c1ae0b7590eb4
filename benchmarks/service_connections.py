"""How many connections a second go through a Service, beside the pod's own address and kube-proxy?

A node with two pods, as network namespaces; wrk in one opens a connection for each request. The other is
asked by its own address and by its Service's, through our rules and through kube-proxy's in nftables mode,
taking turns, with as many other Services there as asked for. Prints medians and JSON. Needs wrk and
kube-proxy (scripts/peers).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import platform
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import cast

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from kube_proxy import ADDRESS, SYSTEMS, fill, serves, until
from proa.kernel import netns
from support.service_api import Api, serving
from support.service_objects import endpoint, endpoint_slice

_NODE, _POD, _CLIENT, _POD_ADDRESS = "pbench-node", "pbench-pod", "pbench-client", "10.42.0.2"
_PATIENT = ("--noproxy", "*", "--retry", "50", "--retry-delay", "1", "--retry-connrefused", "-o", "/dev/null")
_TOPOLOGY = f"""
ip -n {_NODE} link set lo up
ip -n {_NODE} link add br0 type bridge
ip -n {_NODE} addr add {ADDRESS}/24 dev br0
ip -n {_NODE} addr add 10.80.0.2/24 dev br0
ip -n {_NODE} link set br0 up
ip -n {_NODE} route add default via 10.80.0.254
nsenter --net=/run/netns/{_NODE} sysctl -qw net.ipv4.ip_forward=1
ip -n {_NODE} link add pod0 type veth peer name eth0 netns {_POD}
ip -n {_NODE} link add pod1 type veth peer name eth0 netns {_CLIENT}
ip -n {_NODE} addr add 10.42.0.1/24 dev pod0
ip -n {_NODE} addr add 10.42.1.1/24 dev pod1
ip -n {_NODE} link set pod0 up
ip -n {_NODE} link set pod1 up
ip -n {_POD} addr add {_POD_ADDRESS}/24 dev eth0
ip -n {_POD} link set eth0 up
ip -n {_POD} route add default via 10.42.0.1
ip -n {_CLIENT} addr add 10.42.1.2/24 dev eth0
ip -n {_CLIENT} link set eth0 up
ip -n {_CLIENT} route add default via 10.42.1.1
nsenter --net=/run/netns/{_CLIENT} sysctl -qw net.ipv4.ip_local_port_range=1024\t65000
"""


class Page(asyncio.Protocol):
    """One answer, then the end."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if not data.endswith(b"\r\n\r\n"):
            return
        self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
        self._transport.close()


async def serve() -> None:
    server = await asyncio.get_running_loop().create_server(Page, _POD_ADDRESS, 8080, backlog=4096)
    await server.serve_forever()


def rate(address: str) -> float:
    """Connections a second, as wrk counts."""
    command = ["nsenter", f"--net=/run/netns/{_CLIENT}", "wrk", "-t1", "-c32", "-d2s"]
    command += ["-H", "Connection: close", f"http://{address}/"]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return float(re.findall(r"Requests/sec:\s+([\d.]+)", told)[0])


async def measure(system: str, services: int) -> float:
    """Through the Service, while this proxy runs."""
    api, path = Api(), netns.NAMES / _NODE
    fill(api, services, 2)
    api.put("endpointslices", endpoint_slice([endpoint(_POD_ADDRESS, "node")], service_name="s0"))
    with tempfile.TemporaryDirectory() as folder:
        async with serving(api, path, ADDRESS):
            with subprocess.Popen(
                ["nsenter", f"--net={path}", *SYSTEMS[system](Path(folder))],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            ) as process:
                try:
                    await until(lambda: serves(system, path, services - 1))
                    return await asyncio.to_thread(rate, "10.43.0.0:80")
                finally:
                    process.kill()
                    subprocess.run(["nsenter", f"--net={path}", "nft", "flush", "ruleset"], check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--services", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.serve:
        import uvloop

        uvloop.run(serve())
        return
    for name in (_NODE, _POD, _CLIENT):
        netns.create(name)
    try:
        for line in filter(None, _TOPOLOGY.splitlines()):
            subprocess.run(line.split(" "), check=True)
        enter = ["nsenter", f"--net=/run/netns/{_POD}", sys.executable, __file__, "--serve"]
        results: dict[str, list[float]] = {name: [] for name in ("direct", *SYSTEMS)}
        with subprocess.Popen(enter) as server:
            try:
                curl = ["nsenter", f"--net=/run/netns/{_CLIENT}", "curl", "-sSf", *_PATIENT]
                subprocess.run([*curl, f"{_POD_ADDRESS}:8080"], check=True)
                for _ in range(chosen.runs):
                    for name, rates in results.items():
                        measured = asyncio.run(measure(name, chosen.services)) if name in SYSTEMS else None
                        rates.append(rate(f"{_POD_ADDRESS}:8080") if measured is None else measured)
            finally:
                server.kill()
    finally:
        for name in (_NODE, _POD, _CLIENT):
            netns.delete(name)
    medians = {name: statistics.median(rates) for name, rates in results.items()}
    for name, median in medians.items():
        print(f"{name:11} {median:8.0f} connections a second, {median / medians['direct']:.2f} of direct")
    told = {"services": chosen.services, "rates": results, "kernel": platform.release()}
    print(json.dumps(told | {"python": platform.python_version()}))


if __name__ == "__main__":
    main()
