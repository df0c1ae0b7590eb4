"""A Kubernetes API in memory: stores what it is given, without validation, and lets it be watched."""

from __future__ import annotations

import asyncio
import copy
import itertools
from collections.abc import AsyncIterator
from typing import Any, cast

from proa.errors import AlreadyExists, NotFound
from proa.kube import Client, Object, Resource, WatchEvent, key_of, labels_of
from proa.kube.selectors import parse_field_selector, parse_label_selector


class MemoryClient:
    """Implements what informers and reconcilers use of `proa.kube.Client`."""

    def __init__(self) -> None:
        self._objects: dict[Resource, dict[str, Object]] = {}
        self._watches: dict[Resource, list[asyncio.Queue[WatchEvent]]] = {}
        self._revisions = itertools.count(2)
        self.writes: list[tuple[str, str, str]] = []

    @property
    def client(self) -> Client:
        """This, as the protocol that components ask for."""
        return cast("Client", self)

    def put(self, resource: Resource, obj: Object) -> Object:
        """Create or replace."""
        stored = copy.deepcopy(obj)
        objects = self._objects.setdefault(resource, {})
        old = objects.get(key_of(stored))
        metadata = stored["metadata"]
        metadata.setdefault("uid", old["metadata"]["uid"] if old else f"uid-{next(self._revisions)}")
        metadata["resourceVersion"] = str(next(self._revisions))
        objects[key_of(stored)] = stored
        self._tell(resource, WatchEvent("MODIFIED" if old else "ADDED", stored))
        return stored

    def drop(self, resource: Resource, key: str) -> None:
        """Delete."""
        gone = copy.deepcopy(self._objects.get(resource, {}).pop(key))
        gone["metadata"]["resourceVersion"] = str(next(self._revisions))
        self._tell(resource, WatchEvent("DELETED", gone))

    def all(self, resource: Resource) -> list[Object]:
        """What is stored."""
        return [copy.deepcopy(obj) for obj in self._objects.get(resource, {}).values()]

    async def get(self, resource: Resource, name: str, namespace: str = "", **_: Any) -> Object:
        try:
            return copy.deepcopy(self._objects[resource][f"{namespace}/{name}" if namespace else name])
        except KeyError:
            raise NotFound(f"{resource.plural} {name!r} not found") from None

    async def list(
        self,
        resource: Resource,
        namespace: str = "",
        *,
        label_selector: str = "",
        field_selector: str = "",
        **_: Any,
    ) -> Object:
        labels, fields = parse_label_selector(label_selector), parse_field_selector(field_selector)
        items = [
            copy.deepcopy(obj)
            for obj in self._objects.get(resource, {}).values()
            if namespace in ("", obj["metadata"].get("namespace"))
            and labels.matches(labels_of(obj))
            and fields.matches({"metadata.name": obj["metadata"]["name"]})
        ]
        return {"metadata": {"resourceVersion": str(next(self._revisions))}, "items": items}

    async def watch(self, resource: Resource, *_: Any, **__: Any) -> AsyncIterator[WatchEvent]:
        queue: asyncio.Queue[WatchEvent] = asyncio.Queue()
        self._watches.setdefault(resource, []).append(queue)
        while True:
            yield await queue.get()

    async def create(self, resource: Resource, obj: Object, namespace: str = "", **_: Any) -> Object:
        obj = copy.deepcopy(obj)
        if namespace:
            obj["metadata"]["namespace"] = namespace
        if "name" not in obj["metadata"]:
            obj["metadata"]["name"] = f"{obj['metadata']['generateName']}{next(self._revisions)}"
        if key_of(obj) in self._objects.get(resource, {}):
            raise AlreadyExists(f"{resource.plural} {key_of(obj)!r} already exists")
        self.writes.append(("create", resource.plural, key_of(obj)))
        return copy.deepcopy(self.put(resource, obj))

    async def update(self, resource: Resource, obj: Object, **_: Any) -> Object:
        if key_of(obj) not in self._objects.get(resource, {}):
            raise NotFound(f"{resource.plural} {key_of(obj)!r} not found")
        self.writes.append(("update", resource.plural, key_of(obj)))
        return copy.deepcopy(self.put(resource, obj))

    async def delete(self, resource: Resource, name: str, namespace: str = "", **_: Any) -> Object:
        key = f"{namespace}/{name}" if namespace else name
        if key not in self._objects.get(resource, {}):
            raise NotFound(f"{resource.plural} {key!r} not found")
        self.writes.append(("delete", resource.plural, key))
        self.drop(resource, key)
        return {"kind": "Status", "status": "Success"}

    def _tell(self, resource: Resource, event: WatchEvent) -> None:
        for queue in self._watches.get(resource, ()):
            queue.put_nowait(copy.deepcopy(event))
