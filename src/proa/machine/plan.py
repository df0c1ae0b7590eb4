"""What runs on this machine: its nodes, and the parts that make them and the server. Only computes."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv4Interface, IPv6Interface, ip_address, ip_interface, ip_network

from proa.machine.layout import Layout
from proa.settings import Settings
from proa.supervisor import Part

BRIDGE = "proa0"
MAXIMUM_NODES = 9
NODE_NETWORKS = {4: ip_network("10.44.0.0/24"), 6: ip_network("fd00:10:44::/64")}
"""Where nodes in network namespaces have their addresses, by IP version."""
GATEWAYS = {version: network[1] for version, network in NODE_NETWORKS.items()}
_FIRST_NODE = {4: 11, 6: 0x11}

# Python's allocator returns memory more readily and threads share arenas.
_ENVIRONMENT = {"MALLOC_ARENA_MAX": "2", "PYTHONUNBUFFERED": "1"}


@dataclass(frozen=True)
class Node:
    """A node of the cluster on this machine: the machine itself, or a network namespace of it."""

    name: str
    address: str
    """Of the cluster's primary IP family."""
    netns: str = ""
    """The network namespace it lives in; the machine's own when empty."""
    host_device: str = ""
    """The machine's end of the cable to that namespace."""
    secondary: str = ""
    """Its address of the other family; empty when it has none."""

    @property
    def addresses(self) -> tuple[str, ...]:
        """One of each family, the primary one first."""
        return (self.address, self.secondary) if self.secondary else (self.address,)

    @property
    def interfaces(self) -> list[IPv4Interface | IPv6Interface]:
        """The addresses with the prefix of their network, of a node in a namespace."""
        found = [ip_interface(address) for address in self.addresses]
        return [ip_interface((it.ip, NODE_NETWORKS[it.version].prefixlen)) for it in found]


def families(settings: Settings) -> tuple[int, ...]:
    """The IP versions of the cluster, the primary one first."""
    return tuple(ip_network(cidr).version for cidr in settings.cluster_cidr)


def namespaced_nodes(count: int, versions: Sequence[int] = (4,)) -> list[Node]:
    """Nodes as network namespaces on one bridge: node-1 at 10.44.0.11 (fd00:10:44::11) and so on."""
    found = []
    for number in range(count):
        primary, *other = (str(NODE_NETWORKS[it][_FIRST_NODE[it] + number]) for it in versions)
        name = f"node-{number + 1}"
        found.append(Node(name, primary, f"proa-{name}", f"proa-n{number + 1}", *other))
    return found


def api_address(nodes: Sequence[Node]) -> str:
    """Where the nodes reach the API server."""
    if not any(node.netns for node in nodes):
        return "127.0.0.1"
    return str(GATEWAYS[ip_address(nodes[0].address).version])


def server_settings(settings: Settings, nodes: Sequence[Node]) -> Settings:
    """The settings of the server: pods reach it where their node does, but not by a loopback address."""
    inside = any(node.netns for node in nodes)
    address = api_address(nodes) if inside else nodes[0].address
    return replace(settings, advertise_address=settings.advertise_address or address)


def node_settings(settings: Settings, node: Node) -> Settings:
    """The settings of a node's agent."""
    return replace(settings, node_name=node.name, node_ip=node.addresses)


def server_part(layout: Layout) -> Part:
    command = (sys.executable, "-m", "proa.cli.parts.server", str(layout.server_settings))
    return Part("server", command, str(layout.logs / "server.log"), 0, _ENVIRONMENT)


def containerd_part(layout: Layout, node: Node) -> Part:
    command = (*_enter(node), "containerd", "--config", str(layout.node(node.name).containerd_config))
    return Part(f"containerd-{node.name}", command, str(layout.logs / f"containerd-{node.name}.log"), 1, {})


def agent_part(layout: Layout, node: Node) -> Part:
    program = (sys.executable, "-m", "proa.cli.parts.agent", str(layout.node(node.name).settings))
    log = str(layout.logs / f"agent-{node.name}.log")
    return Part(f"agent-{node.name}", (*_enter(node), *program), log, 2, _ENVIRONMENT, gives_sockets=True)


def parts(layout: Layout, nodes: Sequence[Node]) -> list[Part]:
    """All that keeps running, server first."""
    per_node = [part(layout, node) for node in nodes for part in (containerd_part, agent_part)]
    return [server_part(layout), *per_node]


def _enter(node: Node) -> tuple[str, ...]:
    # Only the network: `ip netns exec` would also hide the cgroup mounts behind another /sys.
    return ("nsenter", f"--net=/run/netns/{node.netns}") if node.netns else ()
