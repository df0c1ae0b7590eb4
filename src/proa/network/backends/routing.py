"""Routes to a peer on the same layer-2 network, for the backends that use them."""

from __future__ import annotations

from collections.abc import Iterator

from proa.kernel.routes import Route
from proa.network.backends.base import LocalNode, Peer


def adjacent(local: LocalNode, peer: Peer) -> bool:
    """Whether the peer's address is on the network of our underlay."""
    return peer.address in local.underlay.interface.network


def direct(local: LocalNode, peer: Peer) -> Iterator[Route]:
    """One route for each range of the peer, by its address."""
    return (Route(subnet, local.underlay.index, via=peer.address) for subnet in peer.subnets)
