"""Which collections the namespace controller empties and the garbage collector watches."""

from __future__ import annotations

from functools import cache

from proa.cluster.apiserver.kinds import KINDS
from proa.kube import Resource


@cache
def stored() -> tuple[Resource, ...]:
    """Every collection that can be listed and deleted from, once: of several versions the first."""
    found: dict[tuple[str, str], Resource] = {}
    for kind in KINDS:
        if kind.stored_as is None and {"list", "watch", "delete"} <= set(kind.verbs):
            found.setdefault((kind.resource.group, kind.resource.plural), kind.resource)
    return tuple(found.values())


@cache
def by_kind() -> dict[tuple[str, str], Resource]:
    """Collections by API group and kind: what an owner reference names."""
    return {(resource.group, resource.kind): resource for resource in stored()}
