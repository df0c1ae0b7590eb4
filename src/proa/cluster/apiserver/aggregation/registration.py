"""APIServices for the groups and versions that this server answers itself.

Built-in ones are put right when the server starts; those of custom resources come and go with their
definitions. Source: kube-aggregator pkg/controllers/autoregister; kube-apiserver crdregistration.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping
from contextlib import suppress

from proa.cluster.apiserver.aggregation.availability import LOCAL, with_verdict
from proa.cluster.apiserver.aggregation.priorities import CUSTOM, Priority, built_in
from proa.cluster.apiserver.aggregation.remotes import API_SERVICES
from proa.cluster.apiserver.target import key_prefix
from proa.cluster.apiserver.view import View
from proa.cluster.store import WatchOverflow
from proa.errors import AlreadyExists, ApiError, NotFound
from proa.kube.client import Client
from proa.kube.meta import condition_is_true, labels_of
from proa.kube.resources import Object, Resource

_log = logging.getLogger(__name__)

MANAGED = "kube-aggregator.kubernetes.io/automanaged"
_ON_START, _ALWAYS = "onstart", "true"
_DEFINITIONS = Resource(
    "apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", namespaced=False
)
_OWN_GROUP = "apiregistration.k8s.io"
_AGAIN_SECONDS = 1.0


def wanted(versions: Mapping[str, Iterable[str]], definitions: Iterable[Object]) -> dict[str, Object]:
    """The local APIServices by name, for built-in groups with their versions and for definitions."""
    found = {}
    for group, names in versions.items():
        for version in names:
            priority = built_in(group, version)
            if priority is not None and group != _OWN_GROUP:
                found[f"{version}.{group}"] = _local(group, version, priority, _ON_START)
    for definition in definitions:
        if condition_is_true(definition, "Established"):
            group = definition["spec"]["group"]
            for version in definition["spec"].get("versions") or ():
                if version.get("served"):
                    name = f"{version['name']}.{group}"
                    found.setdefault(name, _local(group, version["name"], CUSTOM, _ALWAYS))
    return found


def _local(group: str, version: str, priority: Priority, managed: str) -> Object:
    return {
        "apiVersion": API_SERVICES.api_version,
        "kind": API_SERVICES.kind,
        "metadata": {"name": f"{version}.{group}", "labels": {MANAGED: managed}},
        "spec": {
            "group": group,
            "version": version,
            "groupPriorityMinimum": priority.group,
            "versionPriority": priority.version,
        }
        | ({} if group else {"group": ""}),
    }


class Registrar:
    """Keeps the local APIServices, and says of each that it is available."""

    def __init__(self, view: View, client: Client, versions: Mapping[str, Iterable[str]]) -> None:
        """`versions` are the built-in groups with their versions."""
        self._view = view
        self._client = client
        self._versions = {group: tuple(names) for group, names in versions.items()}

    async def start(self) -> None:
        """Put everything right once."""
        definitions = self._view.list(_DEFINITIONS)
        targets = wanted(self._versions, definitions)
        present = {obj["metadata"]["name"]: obj for obj in self._view.list(API_SERVICES)}
        await asyncio.gather(*(self._keep(target, present.get(name)) for name, target in targets.items()))
        gone = [obj for name, obj in present.items() if name not in targets]
        await asyncio.gather(*(self._drop(obj, (_ON_START, _ALWAYS)) for obj in gone))

    async def run(self) -> None:
        """Follow definitions and APIServices until cancelled."""
        async with asyncio.TaskGroup() as group:
            for resource in (_DEFINITIONS, API_SERVICES):
                group.create_task(self._follow(resource))

    async def _follow(self, resource: Resource) -> None:
        prefix = key_prefix(resource)
        while True:
            watch = self._view.store.watch(prefix, self._view.store.revision)
            try:
                await self._sync()
                while await watch.batch():
                    await self._sync()
            except WatchOverflow:
                continue
            except ApiError as error:
                _log.warning("APIServices: %s; again in %g s", error, _AGAIN_SECONDS)
                await asyncio.sleep(_AGAIN_SECONDS)
            finally:
                watch.close()

    async def _sync(self) -> None:
        """Those of definitions are made and removed; whatever is local is available."""
        targets = wanted({}, self._view.list(_DEFINITIONS))
        present = {obj["metadata"]["name"]: obj for obj in self._view.list(API_SERVICES)}
        for name, target in targets.items():
            if labels_of(present.get(name, target)).get(MANAGED) != _ON_START:
                await self._keep(target, present.get(name))
        for name, obj in present.items():
            if name not in targets:
                await self._drop(obj, (_ALWAYS,))
                if labels_of(obj).get(MANAGED) != _ALWAYS and not obj["spec"].get("service"):
                    await self._mark(obj)

    async def _keep(self, target: Object, present: Object | None) -> None:
        """Make it, or bring back what it asks for. One that a person has taken over is left alone."""
        if present is None:
            with suppress(AlreadyExists):
                present = await self._client.create(API_SERVICES, target)
        elif labels_of(present).get(MANAGED) and present["spec"] != target["spec"]:
            present = await self._client.update(API_SERVICES, present | {"spec": target["spec"]})
        if present is not None and not present["spec"].get("service"):
            await self._mark(present)

    async def _mark(self, api_service: Object) -> None:
        marked = with_verdict(api_service, LOCAL)
        if marked is not api_service:
            with suppress(NotFound):
                await self._client.update(API_SERVICES, marked, subresource="status")

    async def _drop(self, api_service: Object, managed: tuple[str | None, ...]) -> None:
        if labels_of(api_service).get(MANAGED) in managed:
            with suppress(NotFound):
                await self._client.delete(API_SERVICES, api_service["metadata"]["name"])
