"""How much of each quota is used: what the store holds, and what is on its way there."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from typing import NamedTuple

from proa.cluster.apiserver import codec
from proa.cluster.apiserver.target import key_prefix
from proa.cluster.apiserver.view import View
from proa.cluster.quota.amounts import ZERO, Amount, added
from proa.cluster.quota.scopes import in_scopes
from proa.cluster.quota.usage import limiting, usage
from proa.cluster.store import Entry
from proa.kube.resources import RESOURCE_QUOTAS, Object, Resource


class Charge(NamedTuple):
    """What one stored object uses at its revision; -1 for what changes with time alone."""

    revision: int
    used: Mapping[str, Amount]


class Reservation(NamedTuple):
    """What a write that was allowed adds to the object at `key`, which was at `revision` (0: not there)."""

    key: str
    revision: int
    used: Mapping[str, Amount]


class Tally:
    """What objects of one kind use of one quota; only what changed is looked at again."""

    def __init__(self, quota: Object, resource: Resource) -> None:
        self._quota = quota
        self._resource = resource
        self._names = limiting(resource, quota["spec"].get("hard") or {})
        self._charges: dict[str, Charge] = {}
        self.used: dict[str, Amount] = dict.fromkeys(self._names, ZERO)

    def refresh(self, entries: Sequence[Entry]) -> None:
        """Bring the account up to what is stored: all objects of the kind in the namespace."""
        charges = self._charges
        for entry in entries:
            known = charges.get(entry.key)
            if known is None or known.revision != entry.revision:
                self._put(entry.key, self._charge(entry))
        if len(charges) > len(entries):
            for key in charges.keys() - {entry.key for entry in entries}:
                self._put(key, None)

    def _charge(self, entry: Entry) -> Charge:
        obj = codec.decode(entry)
        timed = "deletionTimestamp" in obj["metadata"]
        used: dict[str, Amount] = {}
        if in_scopes(self._quota, self._resource, obj):
            all_used = usage(self._resource, obj, dt.datetime.now(dt.UTC))
            used = {name: all_used[name] for name in self._names if name in all_used}
        return Charge(-1 if timed else entry.revision, used)

    def _put(self, key: str, charge: Charge | None) -> None:
        before = self._charges.pop(key, None)
        for name, each in (before.used if before else {}).items():
            self.used[name] = Amount(self.used[name].milli - each.milli, self.used[name].binary)
        if charge is not None:
            self._charges[key] = charge
            for name, each in charge.used.items():
                self.used[name] = added(self.used[name], each)


class Tallies:
    """All accounts of all quotas."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._store = view.store
        self._revision = -1
        self._quotas: dict[str, list[Object]] = {}
        self._tallies: dict[tuple[str, str], Tally] = {}
        self._reserved: defaultdict[tuple[str, str], dict[int, Reservation]] = defaultdict(dict)
        self._numbers = count()

    def quotas(self, namespace: str) -> Sequence[Object]:
        """The quotas of a namespace, by name."""
        revision = self._store.touched(key_prefix(RESOURCE_QUOTAS))
        if revision != self._revision:
            self._read()
            self._revision = revision
        return self._quotas.get(namespace, ())

    def _read(self) -> None:
        quotas: dict[str, list[Object]] = {}
        for quota in self._view.list(RESOURCE_QUOTAS):
            quotas.setdefault(quota["metadata"]["namespace"], []).append(quota)
        before = {_identity(q): q["spec"] for held in self._quotas.values() for q in held}
        now = {_identity(q): q["spec"] for held in quotas.values() for q in held}
        changed = {uid for uid, spec in before.items() if now.get(uid) != spec}
        self._tallies = {key: each for key, each in self._tallies.items() if key[0] not in changed}
        self._quotas = quotas

    def used(self, quota: Object, resource: Resource) -> dict[str, Amount]:
        """What objects of a kind use of a quota now, and what is reserved."""
        key = (_identity(quota), f"{resource.group}/{resource.plural}")
        tally = self._tallies.get(key)
        if tally is None:
            tally = self._tallies[key] = Tally(quota, resource)
        tally.refresh(self._store.range(key_prefix(resource, quota["metadata"]["namespace"])).entries)
        used = dict(tally.used)
        for reservation in self._reserved[key].values():
            if self._is_pending(reservation):
                for name, each in reservation.used.items():
                    used[name] = added(used[name], each)
        return used

    def _is_pending(self, reservation: Reservation) -> bool:
        """Whether the store does not hold the write yet."""
        entry = self._store.get(reservation.key)
        return (entry.revision if entry else 0) == reservation.revision

    def reserve(
        self, quota: Object, resource: Resource, key: str, revision: int, used: Mapping[str, Amount]
    ) -> Callable[[], None]:
        """Count a write from now on; the result is to be called when it has ended, either way."""
        held = self._reserved[(_identity(quota), f"{resource.group}/{resource.plural}")]
        number = next(self._numbers)
        held[number] = Reservation(key, revision, used)

        def end() -> None:
            del held[number]

        return end


def _identity(quota: Object) -> str:
    return str(quota["metadata"]["uid"])
