"""The entries of `managedFields` after an update: only those that it touches are taken apart."""

from __future__ import annotations

from proa.cluster.apiserver.apply.managers import (
    MOST_UPDATERS,
    Manager,
    entry,
    entry_order,
    manager_of,
    ownable,
    read_owners,
    write_owners,
)
from proa.cluster.apiserver.apply.paths import EMPTY, FieldSet, contains, from_fields_v1, to_fields_v1
from proa.cluster.apiserver.apply.typed import Comparison
from proa.kube.resources import Object


def after_update(entries: list[Object], manager: Manager, difference: Comparison, now: str) -> list[Object]:
    """The entries when `manager` made this difference: the fields it wrote are its own, and nobody else's."""
    taken = ownable(difference.modified | difference.added)
    lost = difference.modified | difference.added | difference.removed
    after, found = [], False
    for noted in entries:
        mine = manager_of(noted).identity == manager.identity
        found = found or mine
        after.append(_changed(noted, difference.removed, taken, now) if mine else _changed(noted, lost))
    if taken and not found:
        after.append(entry(manager, to_fields_v1(taken), now))
    return _arranged([noted for noted in after if noted.get("fieldsV1")])


def _changed(noted: Object, lost: FieldSet, taken: FieldSet = EMPTY, now: str = "") -> Object:
    """An entry less what was lost, with what its manager took."""
    fields = noted.get("fieldsV1") or {}
    gone = {path for path in lost if contains(fields, path)}
    new = {path for path in taken if not contains(fields, path)}
    if gone or new:
        fields = to_fields_v1((from_fields_v1(fields) - gone) | new)
    return {**noted, "fieldsV1": fields, **({"time": now} if taken else {})}


def _arranged(entries: list[Object]) -> list[Object]:
    """In upstream's order, and not too many."""
    if sum(noted["operation"] == "Update" for noted in entries) > MOST_UPDATERS:
        return write_owners(read_owners(entries))
    return sorted(entries, key=entry_order)
