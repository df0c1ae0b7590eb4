"""Nodes as network namespaces: one bridge, a cable to each, masquerade to the outside; and own addresses."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from ipaddress import ip_address, ip_interface, ip_network

from proa.errors import UserError
from proa.kernel import addresses, links, routes, topology
from proa.kernel.netlink import Netlink
from proa.kernel.routes import Route
from proa.machine.plan import BRIDGE, GATEWAYS, NODE_NETWORKS, Node

CHAIN = "nodes"


def connect(nodes: Sequence[Node]) -> None:
    """Make the namespaces of these nodes and connect them with each other, this machine and beyond."""
    cabled = [node for node in nodes if node.netns]
    if not cabled:
        return
    versions = [address.version for address in cabled[0].interfaces]
    gateways = [ip_interface((GATEWAYS[it], NODE_NETWORKS[it].prefixlen)) for it in versions]
    topology.ensure_bridge(BRIDGE, *gateways)
    for node in cabled:
        for address, gateway in zip(node.interfaces, gateways, strict=True):
            topology.attach(
                node.netns,
                bridge=BRIDGE,
                host_device=node.host_device,
                address=address,
                gateway=gateway.ip,
            )
    topology.masquerade(CHAIN, [NODE_NETWORKS[it] for it in versions])


def disconnect(nodes: Sequence[Node]) -> None:
    """Remove what `connect` made, and nothing else."""
    cabled = [node for node in nodes if node.netns]
    for node in cabled:
        topology.detach(node.netns)
    if cabled:
        with Netlink() as netlink:
            links.delete(netlink, [*(node.host_device for node in cabled), BRIDGE])


def route_pods(nodes: Sequence[Node], ranges: Mapping[str, Iterable[str]]) -> None:
    """Let this machine reach the pods of its namespaced nodes; `ranges` has each node's pod networks."""
    with Netlink() as netlink:
        index = links.get(netlink, BRIDGE).index
        netlink.execute(
            [
                routes.add(Route(network, index, via=address))
                for node in nodes
                if node.netns
                for network in map(ip_network, ranges.get(node.name, ()))
                for address in map(ip_address, node.addresses)
                if address.version == network.version
            ]
        )


def all_addresses() -> set[str]:
    """Every address that this machine has."""
    with Netlink() as netlink:
        return {str(address.interface.ip) for address in addresses.all_addresses(netlink)}


def own_address(version: int) -> str | None:
    """The address of this machine towards the outside, None when it has none of this IP version."""
    from proa.network import underlay

    with Netlink() as netlink, contextlib.suppress(UserError):
        return str(underlay.find(netlink, version).interface.ip)
    return None
