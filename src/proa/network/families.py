"""The node in each IP family that its pods have addresses of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from proa.errors import UserError
from proa.kernel.netlink import Netlink
from proa.kernel.routes import IPAddress, Network
from proa.network import underlay
from proa.network.backends.base import Backend, LocalNode
from proa.network.config import NetworkConfig

LEAST_IPV6 = 1280
"""Bytes of a packet that every IPv6 link must take (RFC 8200, section 5)."""


def find(config: NetworkConfig, subnets: Sequence[Network]) -> list[LocalNode]:
    """The node in the family of each subnet, in their order.

    UserError when the node has no address of a family, or no room for its packets.
    """
    backend = config.conf.backend
    with Netlink() as netlink:
        found = [
            LocalNode(
                config.node_name,
                tuple(subnet for subnet in subnets if subnet.version == version),
                underlay.find(netlink, version, node_ips=config.node_ips, interface=config.interface),
            )
            for version in dict.fromkeys(subnet.version for subnet in subnets)
        ]
    room = mtu(backend, found)
    if room < LEAST_IPV6 and any(local.underlay.version == 6 for local in found):
        name = found[0].underlay.name
        raise UserError(
            f"{backend.name} over {name} leaves {room} bytes for a pod's packet, and IPv6 needs"
            f" {LEAST_IPV6}: raise the MTU of {name}, or give the cluster IPv4 only"
        )
    return found


def mtu(backend: Backend, families: Iterable[LocalNode]) -> int:
    """The largest packet of a pod that fits whichever family carries it."""
    return min(backend.mtu(local.underlay) for local in families)


def addresses(families: Iterable[LocalNode]) -> dict[int, IPAddress]:
    """The node's address by IP version."""
    return {local.underlay.version: local.underlay.interface.ip for local in families}
