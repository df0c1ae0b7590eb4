"""Server-side apply and the bookkeeping of every other write: pure functions of objects.

`applied` merges a configuration, removes what its manager no longer lists and nobody else owns,
and refuses to take fields from others unless forced. `updated` notes who changed what.
Source: structured-merge-diff, merge/update; Kubernetes, "Server-Side Apply".
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from proa.cluster.apiserver.apply.conflicts import refuse_conflicts
from proa.cluster.apiserver.apply.entries import after_update
from proa.cluster.apiserver.apply.initial import initial_fields
from proa.cluster.apiserver.apply.managers import (
    BEFORE_FIRST_APPLY,
    Manager,
    Owners,
    Ownership,
    entry,
    ownable,
    read_owners,
    write_owners,
)
from proa.cluster.apiserver.apply.merging import merge, without
from proa.cluster.apiserver.apply.paths import EMPTY, FieldSet, Path, from_fields_v1
from proa.cluster.apiserver.apply.typed import Comparison, compare, fields_of, without_empty_lists
from proa.cluster.apiserver.schema import Node
from proa.errors import BadRequest
from proa.kube.resources import Object


def created(
    schema: Node | None, obj: Object, manager: Manager, now: str, ignored: Collection[str] = ()
) -> list[Object]:
    """`managedFields` of a new object."""
    fields = initial_fields(schema, obj, ignored)
    return [entry(manager, fields, now)] if fields else []


def updated(
    schema: Node | None,
    live: Object,
    new: Object,
    manager: Manager,
    now: str,
    ignored: Collection[str] = (),
) -> list[Object]:
    """`managedFields` after an update by `manager` from `live` to `new`.

    An object that nobody's ownership was ever noted of stays so until somebody applies to it.
    `new` may bring owners of its own, or none at all to be rid of them. `ignored` names fields at
    the top that this write cannot change.
    """
    noted: list[Object] = live["metadata"].get("managedFields") or []
    wanted = _wanted(new, noted)
    difference = compare(schema, _considered(live, ignored), _considered(new, ignored))
    if wanted is noted and not (difference.added or difference.modified or difference.removed):
        return noted
    return after_update(wanted, manager, difference, now) if wanted else []


def _wanted(new: Object, noted: list[Object]) -> list[Object]:
    """The owners before this write's own: those it brings, when they can be read, or those there are."""
    given = new["metadata"].get("managedFields")
    if given is None or given == noted:
        return noted
    if given in ([], [{}]):
        return []
    try:
        return given if read_owners(given) else noted
    except (ValueError, AttributeError):
        return noted


def applied(
    schema: Node | None,
    live: Object | None,
    config: Object,
    manager: Manager,
    now: str,
    *,
    force: bool = False,
    ignored: Collection[str] = (),
    yielded: FieldSet = EMPTY,
) -> Object:
    """The object after `manager` applied `config`. Raises Conflict listing the fields of others.

    The `ignored` fields of `config` are passed over; about `yielded` ones there is no conflict.
    """
    if (config.get("metadata") or {}).get("managedFields") is not None:
        raise BadRequest("metadata.managedFields must be nil")
    owners = _owners(live or {})
    past = Manager(BEFORE_FIRST_APPLY, "Update", manager.api_version)
    unnoted = live is not None and not owners
    if unnoted:
        owners[past.identity] = Ownership(past, from_fields_v1(initial_fields(schema, live or {}, ignored)))
    before, config = _considered(live or {}), without_empty_lists(schema, _considered(config, ignored))
    last = owners.get(manager.identity)
    claimed = fields_of(schema, config)
    after = {**owners, manager.identity: Ownership(manager, claimed)}
    new: Object = merge(schema, before, config)
    if last is not None and not last.fields <= claimed:
        new = merge(schema, _pruned(schema, new, after, last.fields), config)  # again: what was emptied went
    difference = compare(schema, before, new)
    if not force:
        refuse_conflicts(after, manager, (difference.modified | difference.added) - yielded)
    released = _released({k: v for k, v in owners.items() if k != manager.identity}, difference)
    if unnoted:
        released[past.identity] = replace(released[past.identity], time=now)
    time = now if new != before else last.time if last is not None else ""
    released[manager.identity] = Ownership(manager, ownable(claimed), time)
    return _with_owners(new, write_owners(released))


def _owners(obj: Object) -> dict[tuple[str, ...], Ownership]:
    try:
        return read_owners((obj.get("metadata") or {}).get("managedFields") or ())
    except ValueError as fault:
        raise BadRequest(f"metadata.managedFields: {fault}") from fault


def _considered(obj: Object, ignored: Collection[str] = ()) -> Object:
    """The object less `managedFields` and what this write cannot change."""
    metadata = obj.get("metadata") or {}
    considered = {k: v for k, v in obj.items() if k not in ignored}
    if "managedFields" in metadata:
        considered["metadata"] = {k: v for k, v in metadata.items() if k != "managedFields"}
    return considered


def _with_owners(obj: Object, owners: list[Object]) -> Object:
    if not owners:
        return obj
    return {**obj, "metadata": {**obj["metadata"], "managedFields": owners}}


def _released(owners: Owners, difference: Comparison) -> dict[tuple[str, ...], Ownership]:
    """What all own after somebody's write: neither what it changed nor what it removed."""
    lost = difference.modified | difference.added | difference.removed
    return {identity: replace(owner, fields=owner.fields - lost) for identity, owner in owners.items()}


def _pruned(schema: Node | None, merged: Object, owners: Owners, last: FieldSet) -> Object:
    """Without the fields that the manager applied last time, unless somebody owns them now."""
    owned: FieldSet = EMPTY.union(*(owner.fields for owner in owners.values()))
    everything = _with_structs(schema, fields_of(schema, merged))
    kept = fields_of(schema, without(schema, merged, _with_structs(schema, last)))
    wanted = _with_structs(schema, kept) | _with_structs(schema, owned)
    pruned = without(schema, merged, everything - wanted)
    still = _with_structs(schema, fields_of(schema, pruned))
    return without(schema, merged, (everything - still) & _with_structs(schema, last))


def _with_structs(schema: Node | None, paths: FieldSet) -> FieldSet:
    """The set with the declared fields that lead to its members as members too."""
    found = set(paths)
    for path in paths:
        found.update(_leading(schema, path))
    return frozenset(found)


def _leading(schema: Node | None, path: Path) -> Iterable[Path]:
    node = schema
    for depth, element in enumerate(path[:-1], 1):
        if node is None:
            return
        if not element.startswith("f:"):
            node = node.items
            continue
        declared = element[2:] in node.properties
        node = node.field(element[2:])
        if declared:
            yield path[:depth]
