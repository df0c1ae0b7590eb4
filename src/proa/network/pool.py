"""Which address comes next: a node's range as a pure value machine.

Addresses that were never given out come first, in order; then the one that was released longest ago,
so that a late packet for a pod that is gone meets a stranger as late as possible.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address

from proa.errors import ProaError
from proa.kernel.routes import IPAddress, Network


class Exhausted(ProaError):
    """Every address of the range is in use."""


class Pool:
    """The addresses of one range. The first is the node's own (tunnel); IPv4 leaves the last one out."""

    def __init__(
        self, subnet: Network, *, used: Iterable[IPAddress] = (), released: Iterable[IPAddress] = ()
    ) -> None:
        """`used` are held, `released` were, the longest ago first; those outside the range are left out."""
        self.subnet = subnet
        self._used = {address for address in used if address in subnet}
        self._released = dict.fromkeys(it for it in released if it in subnet and it not in self._used)
        self._next = int(subnet.network_address) + 1
        self._end = int(subnet.broadcast_address) + (0 if subnet.version == 4 else 1)

    @property
    def size(self) -> int:
        """How many addresses pods can have."""
        return self._end - int(self.subnet.network_address) - 1

    @property
    def used(self) -> int:
        """How many they have."""
        return len(self._used)

    def take(self) -> IPAddress:
        """The next address; Exhausted when there is none."""
        address = self._fresh() or next(iter(self._released), None)
        if address is None:
            raise Exhausted(
                f"no free address in {self.subnet}: {self.used} of {self.size} are in use by containers; "
                "remove pods from this node, or give its nodes larger ranges (--node-cidr-mask-size)"
            )
        self._released.pop(address, None)
        self._used.add(address)
        return address

    def hold(self, address: IPAddress) -> None:
        """Takes this very address, which somebody uses already; one outside the range is left out."""
        if address in self.subnet:
            self._released.pop(address, None)
            self._used.add(address)

    def release(self, address: IPAddress) -> None:
        """Gives an address back; one that is not held is left alone."""
        if address in self._used:
            self._used.remove(address)
            self._released[address] = None

    def untake(self, address: IPAddress) -> None:
        """Takes back a `take` that came to nothing: the address is the next to be given out again."""
        self._used.discard(address)
        self._released = {address: None} | self._released

    def _fresh(self) -> IPAddress | None:
        while self._next < self._end:
            address = ip_address(self._next) if self.subnet.version == 4 else _ipv6(self._next)
            self._next += 1
            if address not in self._used and address not in self._released:
                return address
        return None


def _ipv6(number: int) -> IPAddress:
    return ip_address(number.to_bytes(16, "big"))
