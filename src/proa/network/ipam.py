"""Address management of a node: the pools over the store.

An address is held from before its interface exists until after it is gone, and it is on the disk
before anybody hears of it: no crash can give it to two containers.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import NamedTuple

from proa.kernel.routes import IPAddress, Network
from proa.network import host_ports
from proa.network.host_ports import HostPort
from proa.network.pool import Pool
from proa.network.store import Allocation, AllocationStore


class Changes(NamedTuple):
    """What `reconcile` had to do."""

    adopted: list[Allocation]
    released: list[Allocation]


class Ipam:
    """Thread-safe."""

    def __init__(self, store: AllocationStore, subnets: Iterable[Network]) -> None:
        self._lock = threading.Lock()
        self._store = store
        subnets = list(subnets)
        self._families = list(dict.fromkeys(subnet.version for subnet in subnets))
        self._held = {allocation.device: self._primary_first(allocation) for allocation in store.all()}
        used = [address for allocation in self._held.values() for address in allocation.addresses]
        released = store.released()
        self._pools = [Pool(subnet, used=used, released=released) for subnet in subnets]

    def allocate(
        self, device: str, container: str, ifname: str, ports: tuple[HostPort, ...] = ()
    ) -> Allocation:
        """An address of every range for an interface, in their order, and ports of the node.

        The same again when asked again. Raises pool.Exhausted, host_ports.PortTaken.
        """
        with self._lock:
            if held := self._held.get(device):
                return held
            host_ports.check_free(
                ports, ((it.container or it.device, it.ports) for it in self._held.values())
            )
            allocation = Allocation(device, container, ifname, self._take(), ports)
            try:
                self._store.insert(allocation)
            except BaseException:
                self._untake(allocation.addresses)
                raise
            self._held[device] = allocation
            return allocation

    def release(self, devices: Iterable[str]) -> list[Allocation]:
        """Gives back what these interfaces hold; returns what that was."""
        with self._lock:
            gone = [self._held[device] for device in devices if device in self._held]
            if gone:
                self._store.remove(gone)
            for allocation in gone:
                del self._held[allocation.device]
                for address in allocation.addresses:
                    self._release(address)
            return gone

    def get(self, device: str) -> Allocation | None:
        """What an interface holds."""
        return self._held.get(device)

    def all(self) -> list[Allocation]:
        """Everything that is held."""
        with self._lock:
            return list(self._held.values())

    def reconcile(self, devices: Mapping[str, Collection[IPAddress]]) -> Changes:
        """Makes the books agree with the kernel's pod interfaces and their routed addresses.

        What a present interface uses is held from now on, whoever gave it out; what an absent one
        held is free.
        """
        absent = [device for device in self._held if device not in devices]
        released = self.release(absent)
        adopted = []
        for device, addresses in devices.items():
            if addresses and device not in self._held:
                adopted.append(self._adopt(Allocation(device, "", "", tuple(addresses))))
        return Changes(adopted, released)

    def usage(self) -> list[tuple[Network, int, int]]:
        """Each range, how many addresses are in use, and how many there are."""
        return [(pool.subnet, pool.used, pool.size) for pool in self._pools]

    def close(self) -> None:
        self._store.close()

    def _primary_first(self, allocation: Allocation) -> Allocation:
        """The addresses in the order of the ranges; the disk and the kernel list them in another."""
        order = {version: place for place, version in enumerate(self._families)}
        ordered = sorted(allocation.addresses, key=lambda it: order.get(it.version, len(order)))
        return replace(allocation, addresses=tuple(ordered))

    def _adopt(self, found: Allocation) -> Allocation:
        allocation = self._primary_first(found)
        with self._lock:
            self._store.insert(allocation)
            self._held[allocation.device] = allocation
            for address in allocation.addresses:
                for pool in self._pools:
                    pool.hold(address)
            return allocation

    def _take(self) -> tuple[IPAddress, ...]:
        taken: list[IPAddress] = []
        try:
            for pool in self._pools:
                taken.append(pool.take())  # noqa: PERF401 - what was taken must be known when one fails
        except BaseException:
            self._untake(taken)
            raise
        return tuple(taken)

    def _untake(self, addresses: Iterable[IPAddress]) -> None:
        for address in addresses:
            for pool in self._pools:
                if address in pool.subnet:
                    pool.untake(address)

    def _release(self, address: IPAddress) -> None:
        for pool in self._pools:
            pool.release(address)
