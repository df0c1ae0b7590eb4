"""Deleting a namespace: pods first, then everything else, then the finalizer of the namespace itself.

Source: kubernetes.io, namespaces; KEP-5080 (ordered namespace deletion).
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from proa.cluster.controllers.config import ControllersConfig
from proa.cluster.controllers.custom_resources import resources
from proa.cluster.controllers.kinds import stored
from proa.cluster.controllers.namespace_conditions import conditions
from proa.cluster.controllers.namespace_content import Remains, delete_content
from proa.cluster.controllers.namespaces import namespace_of
from proa.errors import NotFound
from proa.kube import (
    NAMESPACES,
    PODS,
    Controller,
    Manager,
    Object,
    Result,
    Source,
    is_deleting,
)
from proa.kube.resources import CUSTOM_RESOURCE_DEFINITIONS

_FINALIZER = "kubernetes"
_LOOK_AGAIN = 1.0


class NamespaceDeletion:
    """Reconciles namespaces that are being deleted."""

    def __init__(self, manager: Manager, config: ControllersConfig) -> None:
        self._client = manager.client
        self._delete_aggregated = config.delete_aggregated
        self.namespaces = manager.informer(NAMESPACES)
        self.pods = manager.informer(PODS)
        self._definitions = manager.informer(CUSTOM_RESOURCE_DEFINITIONS)

    async def reconcile(self, key: str) -> Result | None:
        """Delete what is there; finalize when nothing is."""
        seen = self.namespaces.get(key)
        if seen is None or not is_deleting(seen) or (namespace := await self._latest(key)) is None:
            return None
        if _FINALIZER not in (namespace["spec"].get("finalizers") or ()):
            return None
        remains = await self._empty(key)
        await self._tell(namespace, remains)
        if remains:
            return Result(_LOOK_AGAIN)
        await self._finalize(key)
        return None

    async def _latest(self, key: str) -> Object | None:
        """As the server has it: the content of a new namespace of the same name must not be touched."""
        with suppress(NotFound):
            namespace = await self._client.get(NAMESPACES, key)
            return namespace if is_deleting(namespace) else None
        return None

    def deleting_namespace_of(self, obj: Object) -> Iterable[str]:
        """The namespace of a pod, when it waits for the pod to go."""
        (name,) = namespace_of(obj)
        namespace = self.namespaces.get(name)
        return (name,) if namespace is not None and is_deleting(namespace) else ()

    async def _empty(self, key: str) -> Remains:
        """Delete the contents; returns what is still there. While pods are, nothing else is touched."""
        if pods := await delete_content(self._client, (PODS,), key):
            return pods
        await self._definitions.wait_synced()
        known = (*stored(), *resources(self._definitions))
        remains = await delete_content(self._client, (r for r in known if r.namespaced and r != PODS), key)
        left, faults = await self._delete_aggregated(key)
        remains.objects.update(left)
        remains.faults += faults
        return remains

    async def _tell(self, namespace: Object, remains: Remains) -> None:
        """Conditions say what deletion waits for."""
        before = (namespace.get("status") or {}).get("conditions") or []
        wanted = conditions(before, remains)
        if wanted == before:
            return
        patch = {"status": {"conditions": wanted}}
        with suppress(NotFound):
            await self._client.patch(NAMESPACES, namespace["metadata"]["name"], patch, subresource="status")

    async def _finalize(self, key: str) -> None:
        try:
            namespace = await self._client.get(NAMESPACES, key)
            rest = [f for f in namespace["spec"].get("finalizers") or () if f != _FINALIZER]
            finalized = namespace | {"spec": namespace["spec"] | {"finalizers": rest}}
            await self._client.update(NAMESPACES, finalized, subresource="finalize")
        except NotFound:
            return


def setup(manager: Manager, config: ControllersConfig) -> None:
    """Run with the manager."""
    reconciler = NamespaceDeletion(manager, config)
    sources = [Source(reconciler.namespaces), Source(reconciler.pods, reconciler.deleting_namespace_of)]
    manager.add(Controller("namespace", reconciler, sources=sources, workers=2))
