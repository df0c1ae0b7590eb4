"""Brings the roles and bindings of the beginning back to what they should hold at least.

What somebody added stays, what somebody removed returns, unless the object's annotation
rbac.authorization.kubernetes.io/autoupdate is "false" (source: Kubernetes RBAC, auto-reconciliation).
"""

from __future__ import annotations

import asyncio
from typing import Any

from proa.cluster.apiserver import roles
from proa.cluster.apiserver.aggregation_rules import settled
from proa.cluster.apiserver.escalation import uncovered
from proa.cluster.apiserver.rbac import CLUSTER_ROLES
from proa.errors import AlreadyExists, Conflict, NotFound
from proa.kube.client import Client
from proa.kube.resources import Object, Resource


async def reconcile(client: Client) -> None:
    """Make what is missing and complete what lacks something, then what aggregates others."""
    await asyncio.gather(*(_ensure(client, resource, obj) for resource, obj in roles.defaults()))
    roles_there = (await client.list(CLUSTER_ROLES))["items"]
    await asyncio.gather(*(_update(client, CLUSTER_ROLES, role) for role in settled(roles_there)))


async def _ensure(client: Client, resource: Resource, wanted: Object) -> None:
    metadata = wanted["metadata"]
    try:
        current = await client.get(resource, metadata["name"], metadata.get("namespace", ""))
    except NotFound:
        await _create(client, resource, wanted)
        return
    completed = complete(current, wanted)
    if completed is None:
        await client.delete(resource, metadata["name"], metadata.get("namespace", ""))
        await _create(client, resource, wanted)
    elif completed != current:
        await _update(client, resource, completed)


async def _create(client: Client, resource: Resource, wanted: Object) -> None:
    try:
        await client.create(resource, wanted, wanted["metadata"].get("namespace", ""))
    except AlreadyExists:
        return


async def _update(client: Client, resource: Resource, obj: Object) -> None:
    try:
        await client.update(resource, obj)
    except (Conflict, NotFound):
        return  # somebody is at it: their change stands until the next start


def complete(current: Object, wanted: Object) -> Object | None:
    """The stored object with what it lacks; None when it must be made anew, as it binds another role."""
    metadata = current["metadata"]
    if (metadata.get("annotations") or {}).get(roles.AUTO_UPDATE) == "false":
        return current
    if current.get("roleRef") != wanted.get("roleRef"):
        return None
    merged = {**current, "metadata": {**metadata, **_merged_maps(metadata, wanted["metadata"])}}
    if "aggregationRule" in wanted:
        merged["aggregationRule"] = _with_selectors(current.get("aggregationRule"), wanted["aggregationRule"])
    elif lacking := uncovered(current.get("rules") or (), wanted.get("rules") or ()):
        merged["rules"] = [*(current.get("rules") or ()), *lacking]
    subjects = current.get("subjects") or []
    if missing := [subject for subject in wanted.get("subjects") or () if subject not in subjects]:
        merged["subjects"] = [*subjects, *missing]
    return merged


def _merged_maps(current: dict[str, Any], wanted: dict[str, Any]) -> dict[str, dict[str, str]]:
    return {name: wanted[name] | (current.get(name) or {}) for name in ("labels", "annotations")}


def _with_selectors(current: Object | None, wanted: Object) -> Object:
    selectors = list((current or {}).get("clusterRoleSelectors") or ())
    more = [selector for selector in wanted["clusterRoleSelectors"] if selector not in selectors]
    return {"clusterRoleSelectors": [*selectors, *more]}
