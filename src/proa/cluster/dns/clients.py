"""Who is answered: an open resolver on a public address would serve attackers."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address, ip_network

_REMEMBERED = 65536


class Clients:
    """Decides by source address; a decision is remembered."""

    def __init__(self, networks: Iterable[str]) -> None:
        self._networks = tuple(ip_network(network) for network in networks)
        self._nodes: frozenset[str] = frozenset()
        self._decided: dict[str, bool] = {}

    def set_nodes(self, addresses: Iterable[str]) -> None:
        """The addresses of all nodes."""
        nodes = frozenset(addresses)
        if nodes != self._nodes:
            self._nodes = nodes
            self._decided.clear()

    def allows(self, address: str) -> bool:
        """Whether a client may ask."""
        decided = self._decided.get(address)
        if decided is None:
            if len(self._decided) >= _REMEMBERED:
                self._decided.clear()
            decided = self._decided[address] = self._decide(address)
        return decided

    def _decide(self, text: str) -> bool:
        address = ip_address(text.partition("%")[0])
        if address.version == 6 and address.ipv4_mapped:
            address = address.ipv4_mapped
        return (
            address.is_loopback
            or str(address) in self._nodes
            or any(address.version == net.version and address in net for net in self._networks)
        )
