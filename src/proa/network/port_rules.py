"""The host ports of a node in the kernel: nftables elements, and UDP flows that must be forgotten."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress

from proa.errors import KernelError
from proa.kernel import conntrack, sysctl
from proa.kernel.nftables import TABLE, Nftables
from proa.network import host_ports
from proa.network.host_ports import Element, HostPort
from proa.network.store import Allocation

Books = Callable[[], Iterable[Allocation]]


class PortRules:
    """Keeps the maps as the books say. Blocking; thread-safe."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._lock = threading.Lock()
        self._as_applied: list[str | None] = []

    def apply(self) -> int:
        """Makes the kernel's state so; how many chains had to be changed."""
        with self._lock, Nftables() as nft:
            listed = _listings(nft)
            if listed == self._as_applied:
                return 0
            nft.run(_declaration())
            found = (element for it in self._books() for element in _elements(it))
            nft.replace_elements(host_ports.layouts(), found)
            nft.apply(host_ports.chains())
            self._as_applied = _listings(nft)
            return len(listed)

    def add(self, allocation: Allocation) -> None:
        """The ports lead to the pod from now on."""
        if allocation.ports:
            sysctl.write(f"net/ipv4/conf/{allocation.device}/route_localnet", 1)
            with self._lock:
                self._run(_declaration() + _commands("add", _elements(allocation)))
            forget_flows(allocation.ports)

    @contextmanager
    def removed(self, allocations: Iterable[Allocation]) -> Iterator[None]:
        """Inside it the ports lead nowhere and nobody reads the books, so they can be given back."""
        with self._lock:
            for allocation in allocations:
                if elements := list(_elements(allocation)):
                    self._run(_declaration() + _commands("add", elements) + _commands("delete", elements))
                    forget_flows(allocation.ports)
            yield

    def _run(self, commands: str) -> None:
        with Nftables() as nft:
            nft.run(commands)


def forget_flows(ports: Iterable[HostPort]) -> None:
    """Has the next packet of a UDP client meet the rules as they are: its flow has no end of its own."""
    numbers = {port.port for port in ports if port.protocol == "udp"}
    with suppress(KernelError), conntrack.connect() as netlink:  # a kernel that cannot list them times out
        for number in sorted(numbers):
            for version in (4, 6):
                flows = conntrack.flows_to_port(netlink, conntrack.UDP, version, number)
                netlink.execute(map(conntrack.remove, flows))


def _elements(allocation: Allocation) -> Iterable[Element]:
    return host_ports.elements(allocation.ports, allocation.addresses)


def _listings(nft: Nftables) -> list[str | None]:
    return [nft.listing(chain.name) for chain in host_ports.chains()]


def _declaration() -> str:
    lines = [f"add table {TABLE}"]
    for name, text in host_ports.collections().items():
        kind, _, body = text.partition(" ")
        lines.append(f"add {kind} {TABLE} {name} {body}")
    return "\n".join(lines) + "\n"


def _commands(verb: str, elements: Iterable[Element]) -> str:
    lines = []
    for (name, key), value in elements:
        lines.append(f"{verb} element {TABLE} {name} {{ {f'{key} : {value}' if value else key} }}")
    return "\n".join(lines) + "\n"
