"""Masquerade: what pods send out of the cluster carries the node's address.

Pod to pod keeps its addresses, and so does what a node sends to pods. The rules are one chain of the
table `inet proa`, declared whole; a chain that somebody changed is put back.
"""

from __future__ import annotations

from proa.kernel import nftables
from proa.kernel.nftables import Chain, Nftables
from proa.kernel.routes import Network

CHAIN = "masquerade-pods"


class Masquerade:
    """Keeps the chain as it must be for a pod network."""

    def __init__(self, network: Network) -> None:
        self._chain = Chain(CHAIN, nftables.masquerade(network), hook=nftables.SRCNAT)
        self._as_applied: str | None = None

    def apply(self) -> bool:
        """Makes the kernel's chain so; True when it had to be changed."""
        with Nftables() as nft:
            if self._as_applied is not None and nft.listing(CHAIN) == self._as_applied:
                return False
            nft.apply([self._chain])
            self._as_applied = nft.listing(CHAIN)
            return True
