"""What a new cluster holds before anybody asks for anything."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from proa.errors import AlreadyExists
from proa.kube.client import Client
from proa.kube.resources import NAMESPACES, PRIORITY_CLASSES, Object, Resource

SYSTEM_NAMESPACES = ("default", "kube-system", "kube-public", "kube-node-lease")
_PRIORITIES = {"system-cluster-critical": 2_000_000_000, "system-node-critical": 2_000_001_000}
_DESCRIPTIONS = {
    "system-cluster-critical": "Used for system critical pods that must run in the cluster, but can be "
    "moved to another node if necessary.",
    "system-node-critical": "Used for system critical pods that must not be moved from their current node.",
}


def _objects() -> Iterator[tuple[Resource, Object]]:
    for name in SYSTEM_NAMESPACES:
        yield NAMESPACES, {"metadata": {"name": name}}
    for name, value in _PRIORITIES.items():
        fields = {"value": value, "description": _DESCRIPTIONS[name]}
        yield PRIORITY_CLASSES, {"metadata": {"name": name}, **fields}


async def ensure(client: Client) -> None:
    """Make what is missing; what is there stays as its owner left it."""
    await asyncio.gather(*(_create(client, resource, obj) for resource, obj in _objects()))


async def _create(client: Client, resource: Resource, obj: Object) -> None:
    try:
        await client.create(resource, obj)
    except AlreadyExists:
        return
