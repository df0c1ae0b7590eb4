"""Services and their endpoint slices by name, decoded when first asked for and kept until they change."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import NamedTuple

from proa.cluster.apiserver import codec
from proa.cluster.apiserver.target import key_prefix
from proa.cluster.apiserver.view import View
from proa.cluster.store import Event, WatchOverflow
from proa.kube.resources import ENDPOINT_SLICES, SERVICES, Object, Resource

_SERVICE_NAME = "kubernetes.io/service-name"


class ServiceBackend(NamedTuple):
    """A Service, None when there is none, and its slices."""

    service: Object | None
    slices: list[Object]


class Backends:
    """Looks up Services; tells `changed` (namespace, name) of every change of one that was asked for."""

    def __init__(self, view: View, changed: Callable[[str, str], None]) -> None:
        self._view = view
        self._changed = changed
        self._known: dict[tuple[str, str], ServiceBackend | None] = {}

    def get(self, namespace: str, name: str) -> ServiceBackend:
        """The Service as it is now."""
        known = self._known.get((namespace, name))
        if known is None:
            service = self._view.get(SERVICES, name, namespace)
            known = self._known[namespace, name] = ServiceBackend(service, self._slices(namespace, name))
        return known

    def _slices(self, namespace: str, name: str) -> list[Object]:
        entries = self._view.store.range(key_prefix(ENDPOINT_SLICES, namespace)).entries
        return [codec.decode(e) for e in entries if codec.notes(e).labels.get(_SERVICE_NAME) == name]

    async def run(self) -> None:
        """Follow changes until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._follow(SERVICES))
            group.create_task(self._follow(ENDPOINT_SLICES))

    async def _follow(self, resource: Resource) -> None:
        while True:
            watch = self._view.store.watch(key_prefix(resource), self._view.store.revision)
            self._forget_all()
            try:
                while True:
                    for event in await watch.batch():
                        self._note(resource, event)
            except WatchOverflow:
                continue
            finally:
                watch.close()

    def _note(self, resource: Resource, event: Event) -> None:
        if resource == SERVICES:
            _, _, namespace, name = event.entry.key.split("/")
        else:
            namespace = event.entry.key.split("/")[2]
            name = codec.notes(event.entry).labels.get(_SERVICE_NAME, "")
        if (namespace, name) in self._known:
            self._known[namespace, name] = None
            self._changed(namespace, name)

    def _forget_all(self) -> None:
        for namespace, name in self._known:
            self._known[namespace, name] = None
            self._changed(namespace, name)
