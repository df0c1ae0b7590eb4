"""The pod network's chains of the nftables table `inet proa`: declared whole, put back when changed.

`masquerade-pods`: what pods send out of the cluster carries the node's address; pod to pod keeps its
addresses, and so does what a node sends to pods.
`pod-sources`: a pod sends IPv6 from its own address only. For IPv4 the kernel has `rp_filter`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from proa.kernel import nftables
from proa.kernel.nftables import Chain, Nftables
from proa.kernel.routes import Network

_BEFORE_ALL = "type filter hook prerouting priority raw; policy accept;"
_FROM_PODS = 'meta nfproto ipv6 iifname "proa*" iifname != "proa-*"'  # "proa-" begins tunnels, not pods


def masquerade(networks: Iterable[Network]) -> Chain:
    """The chain for pods of these networks."""
    rules = [rule for network in networks for rule in nftables.masquerade(network)]
    return Chain("masquerade-pods", tuple(rules), hook=nftables.SRCNAT)


def pod_sources() -> Chain:
    """The chain for pods with IPv6; link-local ones reach the node and no further."""
    rules = (f"{_FROM_PODS} ip6 saddr != fe80::/10 fib saddr . iif oif missing drop",)
    return Chain("pod-sources", rules, hook=_BEFORE_ALL)


class KeptChains:
    """Keeps chains as they must be."""

    def __init__(self, chains: Sequence[Chain]) -> None:
        self._chains = chains
        self._as_applied: dict[str, str | None] = {}

    def apply(self) -> int:
        """Makes the kernel's chains so; how many had to be changed."""
        with Nftables() as nft:
            listings = {chain.name: nft.listing(chain.name) for chain in self._chains}
            changed = [it for it in self._chains if not self._stands(it.name, listings[it.name])]
            if changed:
                nft.apply(changed)
            for chain in changed:
                self._as_applied[chain.name] = nft.listing(chain.name)
            return len(changed)

    def _stands(self, name: str, listing: str | None) -> bool:
        return listing is not None and listing == self._as_applied.get(name)
