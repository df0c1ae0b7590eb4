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
        self._written: dict[str, Object] = {}

    def of_the_group(self, obj: Object) -> Iterable[str]:
        """A definition and its neighbours: names that one gives up, another may have."""
        group = obj["spec"]["group"]
        yield obj["metadata"]["name"]
        for other in self._definitions.list():
            if other["spec"]["group"] == group and not condition_is_true(other, "NamesAccepted"):
                yield other["metadata"]["name"]

    async def reconcile(self, key: str) -> Result | None:
        """Write the status that the definition should have, or let it go."""
        definition = self._newest(key)
        if definition is None:
            return None
        if is_deleting(definition):
            return await self._clean_up(await self._client.get(CUSTOM_RESOURCE_DEFINITIONS, key))
        status = status_of(definition, taken_by(self._neighbours(definition)))
        if status != definition.get("status"):
            await self._write(definition, status)
        return None

    def _newest(self, name: str) -> Object | None:
        """A definition as it is followed, or as it was written here after that."""
        followed, written = self._definitions.get(name), self._written.get(name)
        if followed is None or written is None or _revision(followed) >= _revision(written):
            self._written.pop(name, None)
            return followed
        return written

    def _neighbours(self, definition: Object) -> Iterable[Object]:
        """The other definitions of a group."""
        for other in self._definitions.list():
            name = other["metadata"]["name"]
            if (
                other["spec"]["group"] == definition["spec"]["group"]
                and name != definition["metadata"]["name"]
            ):
                newest = self._newest(name)
                yield newest if newest is not None else other

    async def _write(self, definition: Object, status: Object) -> None:
        wanted = {**definition, "status": status}
        written = await self._client.update(CUSTOM_RESOURCE_DEFINITIONS, wanted, subresource="status")
        self._written[written["metadata"]["name"]] = written

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


def _revision(obj: Object) -> int:
    return int(obj["metadata"]["resourceVersion"])


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
