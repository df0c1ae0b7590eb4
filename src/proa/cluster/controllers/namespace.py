"""Deleting a namespace: pods first, then everything else, then the finalizer of the namespace itself.

Source: kubernetes.io, namespaces; KEP-5080 (ordered namespace deletion).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from proa.cluster.controllers.config import ControllersConfig
from proa.cluster.controllers.custom_resources import resources
from proa.cluster.controllers.kinds import stored
from proa.cluster.controllers.namespaces import namespace_of
from proa.errors import MethodNotAllowed, NotFound
from proa.kube import (
    NAMESPACES,
    PODS,
    Client,
    Controller,
    Manager,
    Object,
    Resource,
    Result,
    Source,
    is_deleting,
    with_condition,
)
from proa.kube.resources import CUSTOM_RESOURCE_DEFINITIONS

_FINALIZER = "kubernetes"
_LOOK_AGAIN = 1.0
_NOTHING_LEFT = "All content successfully removed"


class NamespaceDeletion:
    """Reconciles namespaces that are being deleted."""

    def __init__(self, manager: Manager) -> None:
        self._client = manager.client
        self.namespaces = manager.informer(NAMESPACES)
        self.pods = manager.informer(PODS)
        self._definitions = manager.informer(CUSTOM_RESOURCE_DEFINITIONS)

    async def reconcile(self, key: str) -> Result | None:
        """Delete what is there; finalize when nothing is."""
        namespace = self.namespaces.get(key)
        if namespace is None or not is_deleting(namespace):
            return None
        if _FINALIZER not in (namespace["spec"].get("finalizers") or ()):
            return None
        left = await self._empty(key)
        await self._tell(namespace, left)
        if left:
            return Result(_LOOK_AGAIN)
        await self._finalize(key)
        return None

    def deleting_namespace_of(self, obj: Object) -> Iterable[str]:
        """The namespace of a pod, when it waits for the pod to go."""
        (name,) = namespace_of(obj)
        namespace = self.namespaces.get(name)
        return (name,) if namespace is not None and is_deleting(namespace) else ()

    async def _empty(self, key: str) -> list[str]:
        """Delete the contents; returns what is still there. While pods are, nothing else is touched."""
        left = await _delete_all(self._client, PODS, key)
        if left:
            return [_count(PODS, left)]
        await self._definitions.wait_synced()
        known = (*stored(), *resources(self._definitions))
        others = [r for r in known if r.namespaced and r != PODS]
        remaining = await asyncio.gather(*(_delete_all(self._client, r, key) for r in others))
        return [
            _count(resource, objects) for resource, objects in zip(others, remaining, strict=True) if objects
        ]

    async def _tell(self, namespace: Object, left: Sequence[str]) -> None:
        """The condition NamespaceContentRemaining says what deletion waits for."""
        message = f"Some resources are remaining: {', '.join(left)}" if left else _NOTHING_LEFT
        conditions = (namespace.get("status") or {}).get("conditions") or []
        reason = "SomeResourcesRemain" if left else "ContentRemoved"
        wanted = with_condition(conditions, "NamespaceContentRemaining", bool(left), reason, message)
        if wanted[-1] in conditions or not (left or conditions):
            return
        patch = {"status": {"conditions": wanted}}
        await self._client.patch(NAMESPACES, namespace["metadata"]["name"], patch, subresource="status")

    async def _finalize(self, key: str) -> None:
        try:
            namespace = await self._client.get(NAMESPACES, key)
            rest = [f for f in namespace["spec"].get("finalizers") or () if f != _FINALIZER]
            finalized = namespace | {"spec": namespace["spec"] | {"finalizers": rest}}
            await self._client.update(NAMESPACES, finalized, subresource="finalize")
        except NotFound:
            return


async def _delete_all(client: Client, resource: Resource, namespace: str) -> list[Object]:
    """Ask for the deletion of all objects of a kind; returns those that did not go at once."""
    try:
        objects = (await client.list(resource, namespace))["items"]
    except (NotFound, MethodNotAllowed):
        return []
    waiting = []
    for obj in objects:
        if is_deleting(obj):
            waiting.append(obj)
            continue
        metadata = obj["metadata"]
        try:
            answer = await client.delete(resource, metadata["name"], namespace, uid=metadata["uid"])
        except NotFound:
            continue
        if answer.get("kind") != "Status":
            waiting.append(obj)
    return waiting


def _count(resource: Resource, objects: Sequence[Object]) -> str:
    name = f"{resource.plural}.{resource.group}" if resource.group else resource.plural
    return f"{name} has {len(objects)} resource instances"


def setup(manager: Manager, config: ControllersConfig) -> None:  # noqa: ARG001 - one shape for all controllers
    """Run with the manager."""
    reconciler = NamespaceDeletion(manager)
    sources = [Source(reconciler.namespaces), Source(reconciler.pods, reconciler.deleting_namespace_of)]
    manager.add(Controller("namespace", reconciler, sources=sources, workers=2))
