"""Who owns which fields: the entries of `metadata.managedFields`.

Source: Kubernetes documentation, "Server-Side Apply", section "Field management".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from proa.cluster.apiserver.apply.paths import EMPTY, FieldSet, from_fields_v1, to_fields_v1
from proa.kube.resources import Object

MOST_UPDATERS = 10
ANCIENT = "ancient-changes"
BEFORE_FIRST_APPLY = "before-first-apply"
UNOWNED_METADATA = frozenset(
    {
        "name", "namespace", "creationTimestamp", "selfLink", "uid", "clusterName", "generation",
        "managedFields", "resourceVersion",
    }
)  # fmt: skip
"""Fields of the metadata that belong to nobody."""

_UNOWNED: FieldSet = frozenset(
    {("f:apiVersion",), ("f:kind",), ("f:metadata",)}
    | {("f:metadata", f"f:{name}") for name in UNOWNED_METADATA}
)


class Manager(NamedTuple):
    """One who writes: what tells an entry from the others. For Apply the version does not count."""

    name: str
    operation: str
    api_version: str
    subresource: str = ""

    @property
    def identity(self) -> tuple[str, ...]:
        """Equal for two writes that share an entry."""
        version = "" if self.operation == "Apply" else self.api_version
        return (self.name, self.operation, version, self.subresource)


@dataclass(frozen=True)
class Ownership:
    """The fields of one manager and when they last changed."""

    manager: Manager
    fields: FieldSet
    time: str = ""


Owners = Mapping[tuple[str, ...], Ownership]


def read_owners(entries: Iterable[Object]) -> dict[tuple[str, ...], Ownership]:
    """The owners that `managedFields` lists. Raises ValueError for fields that are no FieldsV1."""
    owners = {}
    for noted in entries:
        manager = manager_of(noted)
        fields = from_fields_v1(noted.get("fieldsV1") or {})
        owners[manager.identity] = Ownership(manager, fields, noted.get("time", ""))
    return owners


def manager_of(noted: Object) -> Manager:
    """Whose entry it is."""
    names = ("manager", "operation", "apiVersion", "subresource")
    return Manager(*(noted.get(name, "") for name in names))


def write_owners(owners: Owners) -> list[Object]:
    """The entries of `managedFields`, in upstream's order, without those who own nothing."""
    owning = {identity: owner for identity, owner in owners.items() if owner.fields}
    return [
        entry(owner.manager, to_fields_v1(owner.fields), owner.time)
        for owner in sorted(_capped(owning).values(), key=_order)
    ]


def entry_order(noted: Object) -> tuple[str, ...]:
    """The key by which entries are sorted."""
    return tuple(noted.get(k, "") for k in ("operation", "time", "manager", "apiVersion", "subresource"))


def _order(owner: Ownership) -> tuple[str, ...]:
    manager = owner.manager
    return (manager.operation, owner.time, manager.name, manager.api_version, manager.subresource)


def entry(manager: Manager, fields: Object, time: str) -> Object:
    """One entry of `managedFields`."""
    whole: Object = {
        "manager": manager.name,
        "operation": manager.operation,
        "apiVersion": manager.api_version,
        "time": time,
        "fieldsType": "FieldsV1",
        "fieldsV1": fields,
        "subresource": manager.subresource,
    }
    return {key: value for key, value in whole.items() if value != ""}


def ownable(fields: FieldSet) -> FieldSet:
    """The fields less those that belong to nobody."""
    return fields - _UNOWNED


def _capped(owners: dict[tuple[str, ...], Ownership]) -> dict[tuple[str, ...], Ownership]:
    """At most ten updaters: the oldest beyond that are thrown together, by version."""
    updaters = sorted((o for o in owners.values() if o.manager.operation == "Update"), key=_order)
    for owner in (
        updaters[: max(0, len(updaters) - MOST_UPDATERS + 1)] if len(updaters) > MOST_UPDATERS else ()
    ):
        del owners[owner.manager.identity]
        ancient = Manager(ANCIENT, "Update", owner.manager.api_version)
        known = owners.get(ancient.identity)
        fields = owner.fields | (known.fields if known else EMPTY)
        owners[ancient.identity] = Ownership(ancient, fields, max(owner.time, known.time if known else ""))
    return owners
