"""What the kernel holds for all Services, kept here, and the transaction from one state to the next."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

from proa.kernel.nftables import TABLE, Chain, declare
from proa.services import elements as el
from proa.services import ruleset
from proa.services.model import Address, Frontend, Frontends
from proa.services.shape import Shape, rules, shape_of
from proa.services.slots import settle
from proa.services.uses import Uses

_log = logging.getLogger(__name__)


class Change(NamedTuple):
    """One frontend before and after."""

    address: Address
    old: Frontend | None
    new: Frontend | None


class Update(NamedTuple):
    """Frontends that changed, and endpoints of this node that now are one for the first time or no more."""

    changes: list[Change]
    come: list[str]
    gone: list[str]


class ServiceTable:
    """The frontends of every Service; where two claim one address, the first keeps it."""

    def __init__(self, cluster_cidrs: tuple[str, ...], service_cidrs: tuple[str, ...]) -> None:
        self._cluster_cidrs = cluster_cidrs
        self._service_cidrs = service_cidrs
        self._addresses: dict[str, tuple[Address, ...]] = {}
        self._claims: dict[Address, dict[str, Frontend]] = {}
        self._shapes: set[Shape] = set()
        self._local: Uses[str] = Uses()

    def __len__(self) -> int:
        return len(self._claims)

    def update(self, services: Mapping[str, Frontends]) -> Update:
        """Takes over the frontends of some Services (none: the Service is gone); returns what changed."""
        before: dict[Address, Frontend | None] = {}
        for key, frontends in services.items():
            for address in (*self._addresses.get(key, ()), *frontends):
                before.setdefault(address, self._active(address))
            self._claim(key, frontends)
        found = (Change(address, old, self._active(address)) for address, old in before.items())
        changes = [change for change in found if change.old != change.new]
        return Update(changes, *self._local.shift(_local(changes, "old"), _local(changes, "new")))

    def transaction(self, update: Update) -> str:
        """The commands for what `update` returned; each must come by here once, in order, or be declared.

        A shape that nobody has any more keeps its chain until the next declaration: to make one, the
        kernel walks through all endpoints.
        """
        if not update.changes:
            return ""
        changes = update.changes
        old, new = _elements(changes, "old"), _elements(changes, "new")
        shapes = set(_shapes(_frontends(changes, "new"))) - self._shapes
        self._shapes |= shapes
        for address in update.gone:
            old |= el.hairpin(address)
        for address in update.come:
            new |= el.hairpin(address)
        return self._declare(shapes) + el.change(old, new)

    def preparation(self) -> str:
        """The transaction that makes maps, sets and the chains that elements lead to, and empties nothing.

        With `elements` and then `completion` the whole state takes the place of what is there, remembered
        clients excepted; at no moment does a connection meet the half of it.
        """
        self._shapes = set(_shapes(self.active()))
        return ruleset.declaration() + declare(ruleset.targets()) + self._declare(self._shapes)

    def elements(self) -> Iterator[tuple[tuple[str, str], str]]:
        """All elements, as ((map or set, key), value)."""
        for address, frontend in self.active():
            yield from el.elements(address, frontend).items()
        for local in self._local:
            yield from el.hairpin(local).items()

    def completion(self, chains_there: Collection[str]) -> str:
        """The transaction that sends packets to the maps, and removes chains that nothing leads to.

        `chains_there` are the names of all service chains that the kernel has now.
        """
        hooks = ruleset.hooks(self._cluster_cidrs, self._service_cidrs)
        wanted = {chain.name for chain in (*ruleset.targets(), *hooks)} | {s.chain for s in self._shapes}
        return declare(hooks) + _delete_chains(sorted(set(chains_there) - wanted))

    def active(self) -> Iterator[tuple[Address, Frontend]]:
        """What is in force."""
        return ((address, next(iter(claims.values()))) for address, claims in self._claims.items())

    def _active(self, address: Address) -> Frontend | None:
        claims = self._claims.get(address)
        return next(iter(claims.values())) if claims else None

    def _claim(self, key: str, frontends: Frontends) -> None:
        for address in self._addresses.pop(key, ()):
            if address not in frontends:
                claims = self._claims[address]
                del claims[key]
                if not claims:
                    del self._claims[address]
        for address, frontend in frontends.items():
            claims = self._claims.setdefault(address, {})
            if claims and key not in claims:
                _log.warning("%s: %s belongs to %s already", key, address, next(iter(claims)))
            claims[key] = settle(claims[key], frontend) if key in claims else frontend
        if frontends:
            self._addresses[key] = tuple(frontends)

    def _declare(self, shapes: Iterable[Shape]) -> str:
        """Chains of shapes, inner ones first."""
        ordered = sorted(shapes, key=lambda shape: shape.outside is not None)
        return declare(Chain(shape.chain, rules(shape, self._cidrs(shape.family))) for shape in ordered)

    def _cidrs(self, family: int) -> tuple[str, ...]:
        return tuple(cidr for cidr in self._cluster_cidrs if (":" in cidr) == (family == 6))


def _elements(changes: Iterable[Change], when: str) -> el.Elements:
    found: el.Elements = {}
    for address, frontend in _frontends(changes, when):
        found |= el.elements(address, frontend)
    return found


def _shapes(frontends: Iterable[tuple[Address, Frontend]]) -> Iterator[Shape]:
    for address, frontend in frontends:
        shape = shape_of(address.family, frontend)
        while shape:
            yield shape
            shape = shape.inside


def _local(changes: Iterable[Change], when: str) -> Iterator[str]:
    for _, frontend in _frontends(changes, when):
        yield from el.local_addresses(frontend)


def _frontends(changes: Iterable[Change], when: str) -> Iterator[tuple[Address, Frontend]]:
    for change in changes:
        frontend: Frontend | None = getattr(change, when)
        if frontend:
            yield change.address, frontend


def _delete_chains(names: Iterable[str]) -> str:
    """Callers go first: an outside chain's name is longer than that of the chain it calls."""
    return "".join(f"delete chain {TABLE} {name}\n" for name in sorted(names, key=len, reverse=True))
