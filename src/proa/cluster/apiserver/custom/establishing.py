"""Keeps the status of definitions, and empties those that are being deleted.

Source: apiextensions-apiserver, pkg/controller/{status,establish,finalizer}.
"""

from __future__ import annotations

from collections.abc import Iterable

from proa.cluster.apiserver.custom.conditions import set_condition, status_of, taken_by, terminating
from proa.cluster.apiserver.custom.lifecycle import FINALIZER
from proa.errors import NotFound
from proa.kube import Client, Controller, Informer, Manager, Object, Resource, Result, Source, is_deleting
from proa.kube.finalizers import set_finalizer
from proa.kube.meta import condition_is_true
from proa.kube.resources import CUSTOM_RESOURCE_DEFINITIONS

_LOOK_AGAIN = 0.2


class Establishing:
    """Reconciles definitions by name."""

    def __init__(self, client: Client, definitions: Informer) -> None:
        self._client = client
        self._definitions = definitions

    def of_the_group(self, obj: Object) -> Iterable[str]:
        """A definition and its neighbours: names that one gives up, another may have."""
        group = obj["spec"]["group"]
        yield obj["metadata"]["name"]
        for other in self._definitions.list():
            if other["spec"]["group"] == group and not condition_is_true(other, "NamesAccepted"):
                yield other["metadata"]["name"]

    async def reconcile(self, key: str) -> Result | None:
        """Write the status that the definition should have, or let it go."""
        try:
            definition = await self._client.get(CUSTOM_RESOURCE_DEFINITIONS, key)
        except NotFound:
            return None
        if is_deleting(definition):
            return await self._clean_up(definition)
        others = [
            other
            for other in (await self._client.list(CUSTOM_RESOURCE_DEFINITIONS))["items"]
            if other["metadata"]["name"] != key and other["spec"]["group"] == definition["spec"]["group"]
        ]
        status = status_of(definition, taken_by(others))
        if status != definition.get("status"):
            await self._write(definition, status)
        return None

    async def _write(self, definition: Object, status: Object) -> None:
        wanted = {**definition, "status": status}
        await self._client.update(CUSTOM_RESOURCE_DEFINITIONS, wanted, subresource="status")

    async def _clean_up(self, definition: Object) -> Result | None:
        if FINALIZER not in (definition["metadata"].get("finalizers") or ()):
            return None
        if condition_is_true(definition, "Established"):
            await self._tell(
                definition, "True", "InstanceDeletionInProgress", "CustomResource deletion is in progress"
            )
            if await self._delete_instances(definition):
                return Result(_LOOK_AGAIN)
        current = await self._client.get(CUSTOM_RESOURCE_DEFINITIONS, definition["metadata"]["name"])
        await set_finalizer(self._client, CUSTOM_RESOURCE_DEFINITIONS, current, FINALIZER, wanted=False)
        return None

    async def _tell(self, definition: Object, status: str, reason: str, message: str) -> None:
        conditions = [dict(c) for c in definition["status"].get("conditions") or ()]
        set_condition(conditions, terminating(status, reason, message))
        if conditions != definition["status"].get("conditions"):
            await self._write(definition, {**definition["status"], "conditions": conditions})

    async def _delete_instances(self, definition: Object) -> int:
        """Ask for the deletion of all objects; how many did not go at once."""
        resource = resource_of(definition)
        left = 0
        for obj in (await self._client.list(resource))["items"]:
            metadata = obj["metadata"]
            if is_deleting(obj):
                left += 1
                continue
            try:
                answer = await self._client.delete(resource, metadata["name"], metadata.get("namespace", ""))
            except NotFound:
                continue
            left += answer.get("kind") != "Status"
        return left


def resource_of(definition: Object) -> Resource:
    """Where the objects of a definition are served, in the version that is stored if that is served."""
    spec = definition["spec"]
    served = [version for version in spec["versions"] if version.get("served")]
    stored = [version for version in served if version.get("storage")]
    (version, *_) = stored or served or spec["versions"]
    names = spec["names"]
    namespaced = spec["scope"] == "Namespaced"
    return Resource(spec["group"], version["name"], names["plural"], names["kind"], namespaced)


def setup(manager: Manager) -> None:
    """Run with the manager."""
    definitions = manager.informer(CUSTOM_RESOURCE_DEFINITIONS)
    reconciler = Establishing(manager.client, definitions)
    source = Source(definitions, reconciler.of_the_group)
    manager.add(Controller("custom-resource-definitions", reconciler, sources=[source]))
