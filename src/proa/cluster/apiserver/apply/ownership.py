"""Server-side apply and the bookkeeping of every other write: pure functions of objects.

`applied` merges a configuration, removes what its manager no longer lists and nobody else owns,
and refuses to take fields from others unless forced. `updated` notes who changed what.
Source: structured-merge-diff, merge/update; Kubernetes, "Server-Side Apply".
"""

from __future__ import annotations

from collections.abc import Iterable

from proa.cluster.apiserver.apply.managers import (
    BEFORE_FIRST_APPLY,
    Manager,
    Owners,
    Ownership,
    ownable,
    read_owners,
    settled,
    write_owners,
)
from proa.cluster.apiserver.apply.merging import merge, without
from proa.cluster.apiserver.apply.paths import EMPTY, FieldSet, Path, readable
from proa.cluster.apiserver.apply.typed import Comparison, compare, fields_of, without_empty_lists
from proa.cluster.apiserver.schema import Node
from proa.errors import BadRequest, Conflict
from proa.kube.resources import Object

_ALWAYS_THERE = frozenset(
    {
        "metadata", "spec", "status", "template", "strategy", "updateStrategy", "jobTemplate", "resources",
        "loadBalancer", "nodeInfo", "daemonEndpoints", "kubeletEndpoint", "source",
    }
)  # fmt: skip
"""Fields that upstream's types hold by value, so that they exist before anybody sets them."""


def updated(
    schema: Node | None,
    live: Object | None,
    new: Object,
    manager: Manager,
    now: str,
    ignored: FieldSet = EMPTY,
) -> Object:
    """`new` with the owners that an update by `manager` leaves; `live` is None on create.

    An object that nobody's ownership was ever noted of stays so until somebody applies to it.
    `ignored` fields were reset by the server: nobody gains them.
    """
    owners = _owners(live or {})
    if live is not None and not owners:
        return _with_owners(new, {})
    before = _unmanaged(live) if live is not None else _zero(new)
    difference = compare(schema, before, _unmanaged(new))
    after = _released(owners, manager, difference)
    own = owners[manager.identity].fields if manager.identity in owners else EMPTY
    fields = ownable((own - difference.removed) | difference.modified | difference.added) - ignored
    after[manager.identity] = Ownership(manager, fields)
    return _with_owners(new, settled(after, owners, now))


def applied(
    schema: Node | None,
    live: Object | None,
    config: Object,
    manager: Manager,
    now: str,
    *,
    force: bool = False,
    ignored: FieldSet = EMPTY,
) -> Object:
    """The object after `manager` applied `config`. Raises Conflict listing the fields of others."""
    if (config.get("metadata") or {}).get("managedFields"):
        raise BadRequest("metadata.managedFields must be nil")
    owners = _owners(live or {})
    if live is not None and not owners:
        first = Manager(BEFORE_FIRST_APPLY, "Update", manager.api_version)
        owners[first.identity] = Ownership(first, ownable(fields_of(schema, _unmanaged(live))), now)
    before, config = _unmanaged(live or {}), without_empty_lists(schema, _unmanaged(config))
    last = owners.get(manager.identity)
    claimed = fields_of(schema, config) - ignored
    after = {**owners, manager.identity: Ownership(manager, claimed)}
    new: Object = merge(schema, before, config)
    if last is not None and last.fields:
        new = merge(schema, _pruned(schema, new, after, last.fields), config)  # again: what was emptied went
    difference = compare(schema, before, new)
    if not force:
        _refuse_conflicts(after, manager, difference)
    released = _released(after, manager, difference)
    released[manager.identity] = Ownership(manager, ownable(claimed))
    return _with_owners(new, settled(released, owners, now))


def _owners(obj: Object) -> dict[tuple[str, ...], Ownership]:
    try:
        return read_owners((obj.get("metadata") or {}).get("managedFields") or ())
    except ValueError as fault:
        raise BadRequest(f"metadata.managedFields: {fault}") from fault


def _unmanaged(obj: Object) -> Object:
    metadata = obj.get("metadata") or {}
    if "managedFields" not in metadata:
        return obj
    return {**obj, "metadata": {k: v for k, v in metadata.items() if k != "managedFields"}}


def _zero(obj: Object) -> Object:
    """The structs that every object of a kind has: nobody is noted as having added them."""
    return {
        name: _zero(value) for name, value in obj.items() if name in _ALWAYS_THERE and isinstance(value, dict)
    }


def _with_owners(obj: Object, owners: Owners) -> Object:
    bare = _unmanaged(obj)
    if not owners:
        return bare
    return {**bare, "metadata": {**bare["metadata"], "managedFields": write_owners(owners)}}


def _released(owners: Owners, manager: Manager, difference: Comparison) -> dict[tuple[str, ...], Ownership]:
    """What the others still own: neither what this write changed nor what it removed."""
    lost = difference.modified | difference.added | difference.removed
    return {
        identity: owner if identity == manager.identity else _less(owner, lost)
        for identity, owner in owners.items()
    }


def _less(owner: Ownership, lost: FieldSet) -> Ownership:
    return Ownership(owner.manager, owner.fields - lost, owner.time)


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


def _refuse_conflicts(owners: Owners, manager: Manager, difference: Comparison) -> None:
    changed = difference.modified | difference.added
    conflicts = [
        (_described(owner), sorted(map(readable, owner.fields & changed)))
        for identity, owner in sorted(owners.items())
        if identity != manager.identity and owner.fields & changed
    ]
    if not conflicts:
        return
    causes = [
        {"reason": "FieldManagerConflict", "message": f"conflict with {who}", "field": path}
        for who, paths in conflicts
        for path in paths
    ]
    if len(causes) == 1:
        text = f"1 conflict: {causes[0]['message']}: {causes[0]['field']}"
    else:
        lists = (
            "\n".join([f"conflicts with {who}:", *(f"- {p}" for p in paths)]) for who, paths in conflicts
        )
        text = f"{len(causes)} conflicts: " + "\n".join(lists)
    raise Conflict(f"Apply failed with {text}", {"causes": causes})


def _described(owner: Ownership) -> str:
    manager = owner.manager
    who = f'"{manager.name}"' + (f' with subresource "{manager.subresource}"' if manager.subresource else "")
    if manager.operation == "Apply":
        return who
    return f"{who} using {manager.api_version}" + (f" at {owner.time}" if owner.time else "")
