"""What aggregated servers hold in a namespace that is deleted.

A server of which nothing is known holds nothing; one that is known to hold objects, and is away, is waited
for. Source: kubernetes pkg/controller/namespace/deletion.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterator

from proa.cluster.apiserver.aggregation.remotes import Remotes
from proa.errors import ApiError, NotFound
from proa.kube.resources import Object

Ask = Callable[[str, str], Awaitable[Object]]
"""From a method and a path to the answer. Raises ApiError."""


async def delete_content(remotes: Remotes, ask: Ask, namespace: str) -> tuple[Counter[str], list[str]]:
    """Ask for the deletion of all objects: how many are left of each `plural.group`, and what failed."""
    left, faults = Counter[str](), list[str]()
    for name, path in _collections(remotes, namespace):
        try:
            for obj in (await ask("GET", path)).get("items") or ():
                left[name] += not await _is_gone(ask, f"{path}/{obj['metadata']['name']}", obj)
        except NotFound:
            continue
        except ApiError as fault:
            faults.append(fault.message)
    return +left, faults


def _collections(remotes: Remotes, namespace: str) -> Iterator[tuple[str, str]]:
    for remote in remotes.all():
        for resource in remotes.findings(remote.name).resources:
            if resource.get("scope") == "Namespaced" and {"list", "delete"} <= set(resource["verbs"]):
                plural = resource["resource"]
                yield f"{plural}.{remote.group}", f"{remote.path}/namespaces/{namespace}/{plural}"


async def _is_gone(ask: Ask, path: str, obj: Object) -> bool:
    """Delete an object, unless that was asked for before."""
    if obj["metadata"].get("deletionTimestamp"):
        return False
    try:
        return (await ask("DELETE", path)).get("kind") == "Status"
    except NotFound:
        return True
