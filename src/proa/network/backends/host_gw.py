"""host-gw: a plain route to each peer's range, by the peer's address.

Fastest of all, nothing is wrapped; the nodes must share a layer-2 network.

Configuration (net-conf `Backend`): Type `host-gw`; no other key.
Needs from the kernel: nothing but forwarding.
A peer on another network is not reached: it is named in the log and in `proa status`.
Source: flannel, backends page, `host-gw`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from proa.kernel.entries import Entries
from proa.network.backends.base import Backend, LocalNode, Peer
from proa.network.backends.routing import adjacent, direct


class HostGateway(Backend):
    name: ClassVar[str] = "host-gw"

    def entries(self, local: LocalNode, device: int, peers: Iterable[Peer]) -> Entries:  # noqa: ARG002
        return Entries(routes=frozenset(route for peer in peers for route in direct(local, peer)))

    def objection(self, local: LocalNode, peer: Peer) -> str:
        if adjacent(local, peer):
            return ""
        network = local.underlay.interface.network
        return f"its address {peer.address} is not on {network}: host-gw needs a common layer-2 network"
