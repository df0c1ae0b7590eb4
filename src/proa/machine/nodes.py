"""Nodes as network namespaces: one bridge, a cable to each, masquerade to the outside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Address, IPv4Interface, IPv4Network

from proa.kernel import addresses, links, routes, sysctl, topology
from proa.kernel.netlink import Netlink
from proa.kernel.routes import Route
from proa.machine.plan import BRIDGE, GATEWAY, NODE_NETWORK, Node

CHAIN = "nodes"
FORWARDING = "net/ipv4/ip_forward"


def connect(nodes: Sequence[Node]) -> None:
    """Make the namespaces of these nodes and connect them with each other, this machine and beyond."""
    cabled = [node for node in nodes if node.netns]
    if not cabled:
        return
    topology.ensure_bridge(BRIDGE, IPv4Interface(f"{GATEWAY}/{NODE_NETWORK.prefixlen}"))
    for node in cabled:
        topology.attach(
            node.netns, bridge=BRIDGE, host_device=node.host_device, address=node.interface, gateway=GATEWAY
        )
    topology.masquerade(CHAIN, NODE_NETWORK)
    sysctl.write(FORWARDING, 1)


def disconnect(nodes: Sequence[Node]) -> None:
    """Remove what `connect` made, and nothing else."""
    cabled = [node for node in nodes if node.netns]
    for node in cabled:
        topology.detach(node.netns)
    if cabled:
        with Netlink() as netlink:
            links.delete(netlink, [*(node.host_device for node in cabled), BRIDGE])


def route_pods(nodes: Sequence[Node], ranges: Mapping[str, str]) -> None:
    """Let this machine reach the pods of its namespaced nodes; `ranges` has each node's pod network."""
    with Netlink() as netlink:
        index = links.get(netlink, BRIDGE).index
        netlink.execute(
            [
                routes.add(Route(IPv4Network(ranges[node.name]), index, via=IPv4Address(node.address)))
                for node in nodes
                if node.netns and node.name in ranges
            ]
        )


def own_address() -> str | None:
    """The address of this machine towards the outside; without a default route, any but loopback."""
    with Netlink() as netlink:
        found = addresses.all_addresses(netlink)
        outward = [r.index for r in routes.all_routes(netlink) if r.destination == routes.default(4)]
    usable = [a for a in found if a.interface.version == 4 and not a.interface.ip.is_loopback]
    usable.sort(key=lambda address: address.index not in outward)
    return str(usable[0].interface.ip) if usable else None
