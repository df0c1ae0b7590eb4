"""Addresses, routes, neighbours and forwarding entries as one state: read, compare, change.

The difference between what is there and what is wanted becomes one batch. What takes the place of an
old entry is put in first, with "replace", so that no packet meets a gap.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from proa.kernel import addresses, neighbours, routes
from proa.kernel.addresses import Address
from proa.kernel.neighbours import Forwarding, Neighbour
from proa.kernel.netlink import Message, Netlink
from proa.kernel.routes import Route

T = TypeVar("T", Address, Route, Neighbour, Forwarding)


@dataclass(frozen=True, slots=True)
class Entries:
    """Entries of the kernel's tables."""

    addresses: frozenset[Address] = frozenset()
    routes: frozenset[Route] = frozenset()
    neighbours: frozenset[Neighbour] = frozenset()
    forwarding: frozenset[Forwarding] = frozenset()


def merged(parts: Iterable[Entries]) -> Entries:
    """All entries of all parts."""
    parts = list(parts)
    return Entries(
        frozenset().union(*(part.addresses for part in parts)),
        frozenset().union(*(part.routes for part in parts)),
        frozenset().union(*(part.neighbours for part in parts)),
        frozenset().union(*(part.forwarding for part in parts)),
    )


def read(netlink: Netlink) -> Entries:
    """Everything of the socket's namespace, also what is not proa's."""
    return Entries(
        frozenset(addresses.all_addresses(netlink)),
        frozenset(routes.all_routes(netlink)),
        frozenset(neighbours.all_neighbours(netlink)),
        frozenset(neighbours.all_forwarding(netlink)),
    )


def owned(entries: Entries, devices: Collection[int]) -> Entries:
    """What a feature owns: entries on its own devices, and proa's routes over any device."""
    return Entries(
        frozenset(entry for entry in entries.addresses if entry.index in devices and not entry.automatic),
        frozenset(entry for entry in entries.routes if entry.protocol == routes.PROTOCOL),
        frozenset(entry for entry in entries.neighbours if entry.index in devices),
        frozenset(entry for entry in entries.forwarding if entry.index in devices),
    )


def additions(actual: Entries, wanted: Entries) -> list[Message]:
    """The messages that put in what is missing, in an order that the kernel accepts."""
    return [
        *map(addresses.add, _ordered(wanted.addresses - actual.addresses)),
        *map(neighbours.add, _ordered(wanted.neighbours - actual.neighbours)),
        *map(neighbours.add, _ordered(wanted.forwarding - actual.forwarding)),
        *map(routes.add, _ordered(wanted.routes - actual.routes)),
    ]


def difference(actual: Entries, wanted: Entries) -> list[Message]:
    """The messages that turn what is there into what is wanted: additions first, then removals."""
    return [
        *additions(actual, wanted),
        *map(routes.remove, _left(actual.routes, wanted.routes, lambda it: it.destination)),
        *map(neighbours.remove, _left(actual.forwarding, wanted.forwarding, lambda it: (it.mac, it.index))),
        *map(neighbours.remove, _left(actual.neighbours, wanted.neighbours, _neighbour_key)),
        *map(addresses.remove, _left(actual.addresses, wanted.addresses, lambda it: it)),
    ]


def _neighbour_key(entry: Neighbour) -> Hashable:
    return entry.address, entry.index


def _left(actual: Iterable[T], wanted: Iterable[T], key: Callable[[T], Hashable]) -> Iterator[T]:
    """Entries that nothing wanted has taken the place of."""
    kept = {key(entry) for entry in wanted}
    return (entry for entry in _ordered(actual) if key(entry) not in kept)


def _ordered(entries: Iterable[T]) -> list[T]:
    return sorted(entries, key=repr)
