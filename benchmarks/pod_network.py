"""What do pods get, beside a bare veth pair and a bare VXLAN tunnel?

iperf3, one TCP stream, between two pods of one node (baseline: a bare veth pair) and between pods of
two nodes (baselines: the nodes themselves, and a VXLAN device made by hand). All are namespaces of this
machine, so both ends share its processors: what counts is the ratio, measured alternating in one run.

    python benchmarks/pod_network.py [--rounds 5] [--seconds 1] [--backend vxlan] [--json FILE]

Needs root and iperf3.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from ipaddress import IPv4Address, ip_interface
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from proa.kernel import addresses, links, neighbours, netns
from proa.kernel.addresses import Address
from proa.kernel.links import Link, Vxlan
from proa.kernel.neighbours import Forwarding, Neighbour
from proa.kernel.netlink import Netlink
from support.measure import facts, summary, table
from support.network_lab import Lab, Node, eventually, lab

Ends = tuple[Path, Path, str]
"""The client's namespace, the server's namespace, the server's address."""


def bare_veth(made: Lab) -> Ends:
    one, two = made.namespace("veth-a"), made.namespace("veth-b")
    with netns.socket_in(one) as here, netns.socket_in(two) as there:
        with netns.opened(two) as target:
            here.execute([links.create_veth(Link("bare"), Link("bare"), target)])
        for netlink, text in ((here, "10.98.0.1/24"), (there, "10.98.0.2/24")):
            index = links.ensure(netlink, Link("bare", "veth"))
            netlink.execute([addresses.add(Address(ip_interface(text), index))])
    return one, two, "10.98.0.2"


def bare_vxlan(made: Lab) -> Ends:
    one, two = made.nodes
    for node, peer in ((one, two), (two, one)):
        with netns.socket_in(node.path) as netlink:
            _tunnel(netlink, node, peer)
    return one.path, two.path, "10.97.0.2"


def _tunnel(netlink: Netlink, node: Node, peer: Node) -> None:
    data = Vxlan(vni=99, port=4790, local=IPv4Address(node.address))
    device = Link("bench", "vxlan", mac=_mac(node), mtu=1450, vxlan=data)
    index = links.ensure(netlink, device)
    remote = IPv4Address(f"10.97.0.{peer.number}")
    netlink.execute(
        [
            addresses.add(Address(ip_interface(f"10.97.0.{node.number}/24"), index)),
            neighbours.add(Neighbour(remote, _mac(peer), index)),
            neighbours.add(Forwarding(_mac(peer), IPv4Address(peer.address), index)),
        ]
    )


def _mac(node: Node) -> str:
    return links.derived_mac(f"bench {node.number}")


def gigabits(ends: Ends, seconds: float) -> float:
    """One TCP stream, as the receiver counts it."""
    here, there, address = ends
    serve = ["nsenter", f"--net={there}", "iperf3", "-s", "-1", "-B", address]
    server = subprocess.Popen(serve, stdout=subprocess.DEVNULL)
    try:
        eventually(lambda: _listens(there), "iperf3 listens")
        ask = ["nsenter", f"--net={here}", "iperf3", "-J", "-c", address, "-t", str(seconds), "-O", "0.2"]
        done = subprocess.run(ask, capture_output=True, text=True, check=True)
        return float(json.loads(done.stdout)["end"]["sum_received"]["bits_per_second"]) / 1e9
    finally:
        server.kill()
        server.wait()


def _listens(path: Path) -> bool:
    command = ["nsenter", f"--net={path}", "ss", "-Hltn", "sport", "=", ":5201"]
    return bool(subprocess.run(command, capture_output=True, check=True).stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1)
    parser.add_argument("--backend", default="vxlan")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    backend = {"Type": options.backend}
    with tempfile.TemporaryDirectory() as base, lab(Path(base) / "lab", backend=backend) as made:
        near, also, far = made.nodes[0].pod("near"), made.nodes[0].pod("also"), made.nodes[1].pod("far")
        ends: dict[str, Ends] = {
            "bare veth": bare_veth(made),
            "pods, one node": (near.path, also.path, also.address),
            "node to node": (made.nodes[0].path, made.nodes[1].path, made.nodes[1].address),
            "bare vxlan": bare_vxlan(made),
            f"pods, two nodes ({options.backend})": (near.path, far.path, far.address),
        }
        found: dict[str, list[float]] = {name: [] for name in ends}
        for _ in range(options.rounds):
            for name, pair in ends.items():
                found[name].append(gigabits(pair, options.seconds))
    rows = {name: summary(values) for name, values in found.items()}
    last = f"pods, two nodes ({options.backend})"
    rows["pods, one node"]["ratio"] = rows["pods, one node"]["median"] / rows["bare veth"]["median"]
    rows[last]["ratio"] = rows[last]["median"] / rows["bare vxlan"]["median"]
    table("TCP, one stream, Gbit/s", rows)
    if options.json:
        answer = {"facts": facts(), "unit": "Gbit/s", "rows": rows}
        options.json.write_text(json.dumps(answer, indent=2) + "\n")


if __name__ == "__main__":
    main()
