"""What a namespace still holds while it is deleted, collection by collection.

Source: pkg/controller/namespace/deletion (`deleteAllContentForGroupVersionResource`).
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from proa.errors import ApiError, MethodNotAllowed, NotFound
from proa.kube import Client, Object, Resource, is_deleting

_TOGETHER = 8
"""Collections that are emptied at the same time."""


@dataclass
class Remains:
    """What is left of a namespace's content, and what could not be deleted."""

    objects: Counter[str] = field(default_factory=Counter)
    """How many objects of each `plural.group`; the core group has no name after its dot."""
    finalizers: Counter[str] = field(default_factory=Counter)
    """How many objects each finalizer holds."""
    faults: list[str] = field(default_factory=list)

    def add(self, resource: Resource, obj: Object) -> None:
        """Count an object that did not go."""
        self.objects[f"{resource.plural}.{resource.group}"] += 1
        self.finalizers.update(obj["metadata"].get("finalizers") or ())

    def __bool__(self) -> bool:
        return bool(self.objects or self.faults)


async def delete_content(client: Client, resources: Iterable[Resource], namespace: str) -> Remains:
    """Ask for the deletion of all objects; one that cannot be deleted does not keep the others."""
    remains, gate = Remains(), asyncio.Semaphore(_TOGETHER)

    async def empty(resource: Resource) -> None:
        async with gate:
            try:
                await _delete_all(client, resource, namespace, remains)
            except ApiError as fault:
                remains.faults.append(fault.message)

    await asyncio.gather(*(empty(resource) for resource in resources))
    return remains


async def _delete_all(client: Client, resource: Resource, namespace: str, remains: Remains) -> None:
    """Raises the first refusal when all objects were tried."""
    try:
        objects = (await client.list(resource, namespace))["items"]
    except (NotFound, MethodNotAllowed):
        return
    refusals: list[ApiError] = []
    for obj in objects:
        left: Object | None = obj
        if not is_deleting(obj):
            try:
                left = await _delete(client, resource, obj)
            except ApiError as refusal:
                refusals.append(refusal)
        if left is not None:
            remains.add(resource, left)
    if refusals:
        raise refusals[0]


async def _delete(client: Client, resource: Resource, obj: Object) -> Object | None:
    """The object that waits for its end; None when it is gone.

    Dependents lie in the namespace too and go by themselves, so nothing waits for them.
    """
    metadata = obj["metadata"]
    try:
        answer = await client.delete(
            resource,
            metadata["name"],
            metadata["namespace"],
            propagation_policy="Background",
            uid=metadata["uid"],
        )
    except NotFound:
        return None
    return None if answer.get("kind") == "Status" else answer
