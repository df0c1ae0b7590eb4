"""What runs on this machine: its nodes, and the parts that make them and the server. Only computes."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv4Interface, IPv4Network

from proa.machine.layout import Layout
from proa.settings import Settings
from proa.supervisor import Part

BRIDGE = "proa0"
NODE_NETWORK = IPv4Network("10.44.0.0/24")
GATEWAY = IPv4Address("10.44.0.1")
MAXIMUM_NODES = 9

# Python's allocator returns memory more readily and threads share arenas.
_ENVIRONMENT = {"MALLOC_ARENA_MAX": "2", "PYTHONUNBUFFERED": "1"}


@dataclass(frozen=True)
class Node:
    """A node of the cluster on this machine: the machine itself, or a network namespace of it."""

    name: str
    address: str
    netns: str = ""
    """The network namespace it lives in; the machine's own when empty."""
    host_device: str = ""
    """The machine's end of the cable to that namespace."""

    @property
    def interface(self) -> IPv4Interface:
        return IPv4Interface(f"{self.address}/{NODE_NETWORK.prefixlen}")


def namespaced_nodes(count: int) -> list[Node]:
    """Nodes as network namespaces on one bridge: node-1 at 10.44.0.11 and so on."""
    return [
        Node(f"node-{n}", str(NODE_NETWORK[10 + n]), f"proa-node-{n}", f"proa-n{n}")
        for n in range(1, count + 1)
    ]


def api_address(nodes: Sequence[Node]) -> str:
    """Where the nodes reach the API server."""
    return str(GATEWAY) if any(node.netns for node in nodes) else "127.0.0.1"


def server_settings(settings: Settings, nodes: Sequence[Node]) -> Settings:
    """The settings of the server: pods reach it where their node does, but not by a loopback address."""
    inside = any(node.netns for node in nodes)
    address = str(GATEWAY) if inside else nodes[0].address
    return replace(settings, advertise_address=settings.advertise_address or address)


def node_settings(settings: Settings, node: Node) -> Settings:
    """The settings of a node's agent."""
    return replace(settings, node_name=node.name, node_ip=(node.address,))


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
