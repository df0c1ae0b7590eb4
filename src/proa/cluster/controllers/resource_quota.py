"""Tells in each ResourceQuota's status what its namespace uses of it.

Admission does not need this: it counts by itself. Source: kubernetes.io, resource quotas.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

from proa.cluster.controllers.config import ControllersConfig
from proa.cluster.controllers.kinds import stored
from proa.cluster.controllers.namespaces import namespace_of
from proa.cluster.quota.amounts import ZERO, Amount, total, written
from proa.cluster.quota.scopes import in_scopes
from proa.cluster.quota.usage import count_name, limiting, usage
from proa.errors import NotFound
from proa.kube import (
    EVENTS,
    Controller,
    Informer,
    Manager,
    Object,
    Resource,
    Result,
    Source,
    key_of,
)
from proa.kube.resources import CUSTOM_RESOURCE_DEFINITIONS, RESOURCE_QUOTAS

_BY_NAMESPACE = "namespace"
_COUNT = "count/"
_LOOK_AGAIN = 300.0
_CUSTOM_AGAIN = 5.0
"""Seconds after which custom resources are counted again: they are listed, not watched."""


class QuotaStatus:
    """Reconciles quotas."""

    def __init__(self, manager: Manager) -> None:
        self._client = manager.client
        self.quotas = manager.informer(RESOURCE_QUOTAS)
        self.quotas.add_index(_BY_NAMESPACE, namespace_of)
        self._definitions = manager.informer(CUSTOM_RESOURCE_DEFINITIONS)
        followed = (r for r in stored() if r.namespaced and r != EVENTS)
        self.informers: dict[Resource, Informer] = {r: manager.informer(r) for r in followed}
        for informer in self.informers.values():
            informer.add_index(_BY_NAMESPACE, namespace_of)

    async def reconcile(self, key: str) -> Result | None:
        """Write what is used now, if that is not what the status says."""
        quota = self.quotas.get(key)
        if quota is None:
            return None
        hard: Mapping[str, str] = quota["spec"].get("hard") or {}
        used = dict.fromkeys(hard, ZERO) | self._used(quota)
        custom = self._custom(hard)
        for name, resource in custom.items():
            used[name] = await self._count(resource, quota)
        status = {"hard": dict(hard), "used": written(used)}
        if quota.get("status") != status:
            await self._client.update(RESOURCE_QUOTAS, {**quota, "status": status}, subresource="status")
        return Result(_CUSTOM_AGAIN if custom else _LOOK_AGAIN)

    def _used(self, quota: Object) -> dict[str, Amount]:
        (namespace,), now = namespace_of(quota), dt.datetime.now(dt.UTC)
        hard = quota["spec"].get("hard") or {}
        parts = []
        for resource, informer in self.informers.items():
            names = set(limiting(resource, hard))
            if names:
                objects = informer.by_index(_BY_NAMESPACE, namespace)
                charged = (obj for obj in objects if in_scopes(quota, resource, obj))
                parts += [
                    {name: each for name, each in usage(resource, obj, now).items() if name in names}
                    for obj in charged
                ]
        return total(parts)

    def _custom(self, hard: Iterable[str]) -> dict[str, Resource]:
        """The collections that are not watched here, by the name that limits them."""
        found = {name: EVENTS for name in hard if name == count_name(EVENTS)}
        for name in hard:
            definition = self._definitions.get(name.removeprefix(_COUNT))
            resource = _resource(definition["spec"]) if definition and name.startswith(_COUNT) else None
            if resource is not None:
                found[name] = resource
        return found

    async def _count(self, resource: Resource, quota: Object) -> Amount:
        if quota["spec"].get("scopes") or quota["spec"].get("scopeSelector"):
            return ZERO
        (namespace,) = namespace_of(quota)
        try:
            return Amount(1000 * len((await self._client.list(resource, namespace))["items"]))
        except NotFound:  # its definition is not established yet
            return ZERO

    def concerned(self, obj: Object) -> Iterable[str]:
        """The quotas of the namespace of an object."""
        return [key_of(quota) for quota in self.quotas.by_index(_BY_NAMESPACE, *namespace_of(obj))]


def _resource(definition: Object) -> Resource | None:
    """The collection that a definition serves in namespaces."""
    served = [version["name"] for version in definition["versions"] if version.get("served")]
    if not served or definition["scope"] != "Namespaced":
        return None
    names = definition["names"]
    return Resource(definition["group"], served[0], names["plural"], names["kind"])


def setup(manager: Manager, config: ControllersConfig) -> None:  # noqa: ARG001 - one shape for all controllers
    """Run with the manager: whatever a quota can count wakes it."""
    reconciler = QuotaStatus(manager)
    followed = (Source(informer, reconciler.concerned) for informer in reconciler.informers.values())
    sources = [Source(reconciler.quotas), *followed]
    manager.add(Controller("resource-quota", reconciler, sources=sources, workers=2))
