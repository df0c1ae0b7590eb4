"""A local, indexed copy of a collection that follows the server (source: client-go tools/cache)."""

from __future__ import annotations

import asyncio
import builtins
import logging
import random
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from typing import Any

import aiohttp

from proa.errors import ApiError, Expired
from proa.kube.client import Client, WatchEvent
from proa.kube.meta import key_of
from proa.kube.resources import Object, Resource

_log = logging.getLogger(__name__)

Handler = Callable[[Object | None, Object | None], None]
"""Called with the old and the new state; None stands for absence."""
IndexFunction = Callable[[Object], Iterable[str]]
Keep = Callable[[Object], Object]
"""What is kept of an object; its metadata with name, namespace and resourceVersion must be in it."""

_PAGE = 500
_FIRST_DELAY, _LONGEST_DELAY = 0.2, 30.0


class Informer:
    """Lists once, then watches; relists when the server has forgotten our revision.

    Cached objects are shared and read-only: copy before a change. Handlers run in the event
    loop, in the order of the events, and must not block.
    """

    def __init__(
        self,
        client: Client,
        resource: Resource,
        namespace: str = "",
        *,
        label_selector: str = "",
        field_selector: str = "",
        indexers: Mapping[str, IndexFunction] | None = None,
        keep: Keep | None = None,
    ) -> None:
        self.resource = resource
        self._client = client
        self._keep = keep or self._whole
        self._scope: dict[str, Any] = {
            "namespace": namespace,
            "label_selector": label_selector,
            "field_selector": field_selector,
        }
        self._objects: dict[str, Object] = {}
        self._handlers: list[Handler] = []
        self._indexers = dict(indexers or {})
        self._indices = {name: _index() for name in self._indexers}
        self._synced = asyncio.Event()

    def get(self, key: str) -> Object | None:
        """The object of `namespace/name` (or `name`), or None."""
        return self._objects.get(key)

    def list(self) -> builtins.list[Object]:
        """All cached objects."""
        return list(self._objects.values())

    def by_index(self, index: str, value: str) -> builtins.list[Object]:
        """The objects for which the index function gave `value`."""
        return [self._objects[key] for key in self._indices[index].get(value, ())]

    def add_index(self, name: str, function: IndexFunction) -> None:
        """Index the collection by the values that `function` gives; once per name."""
        if name in self._indexers:
            return
        self._indexers[name] = function
        self._indices[name] = _index()
        for key, obj in self._objects.items():
            for value in function(obj):
                self._indices[name][value].add(key)

    def on_change(self, handler: Handler) -> None:
        """Call `handler` for every later change, and now for every object that is already here."""
        self._handlers.append(handler)
        for obj in self.list():
            handler(None, obj)

    async def wait_synced(self) -> None:
        """Until the first list is complete."""
        await self._synced.wait()

    async def run(self) -> None:
        """Follow the server until cancelled; faults are logged and retried with a jittered back-off."""
        revision, delay = "", _FIRST_DELAY
        while True:
            try:
                if not revision:
                    revision = await self._replace_all()
                async for event in self._watch(revision):
                    revision, delay = event.object["metadata"]["resourceVersion"], _FIRST_DELAY
                    if event.type != "BOOKMARK":
                        gone = event.type == "DELETED"
                        self._store(key_of(event.object), None if gone else self._keep(event.object))
                fault: Exception | None = None
            except Expired as expired:
                revision, fault = "", expired
            except (ApiError, aiohttp.ClientError, OSError, TimeoutError) as failed:
                fault = failed
            level, why = (logging.INFO, fault) if fault else (logging.DEBUG, "the server ended it")
            _log.log(level, "%s: watch again in about %.1f s: %s", self.resource.plural, delay, why)
            await asyncio.sleep(delay * random.uniform(0.5, 1.5))
            delay = min(delay * 2, _LONGEST_DELAY)

    def _watch(self, revision: str) -> AsyncIterator[WatchEvent]:
        return self._client.watch(
            self.resource,
            resource_version=revision,
            timeout_seconds=random.randint(300, 600),
            **self._scope,
        )

    async def _replace_all(self) -> str:
        """List by pages, make the cache equal to it; returns the revision of the list."""
        objects: dict[str, Object] = {}
        token = ""
        while True:
            page = await self._client.list(self.resource, limit=_PAGE, continue_token=token, **self._scope)
            for obj in page["items"]:
                objects[key_of(obj)] = self._keep(obj)
            token = page["metadata"].get("continue", "")
            if not token:
                break
        for key in self._objects.keys() - objects.keys():
            self._store(key, None)
        for key, obj in objects.items():
            self._store(key, obj)
        self._synced.set()
        return str(page["metadata"]["resourceVersion"])

    def _whole(self, obj: Object) -> Object:
        """The object, also from a list, where servers leave out what all have in common."""
        obj.setdefault("kind", self.resource.kind)
        obj.setdefault("apiVersion", self.resource.api_version)
        return obj

    def _store(self, key: str, new: Object | None) -> None:
        old = self._objects.get(key)
        if old is new is None or (old and new and _version(old) == _version(new)):
            return
        self._reindex(key, old, new)
        if new is None:
            del self._objects[key]
        else:
            self._objects[key] = new
        for handler in self._handlers:
            handler(old, new)

    def _reindex(self, key: str, old: Object | None, new: Object | None) -> None:
        for name, function in self._indexers.items():
            index = self._indices[name]
            before = set(function(old)) if old else set()
            after = set(function(new)) if new else set()
            for value in before - after:
                index[value].discard(key)
                if not index[value]:
                    del index[value]
            for value in after - before:
                index[value].add(key)


def _index() -> defaultdict[str, set[str]]:
    return defaultdict(set)


def _version(obj: Object) -> tuple[str, str]:
    metadata = obj["metadata"]
    return metadata.get("uid", ""), metadata.get("resourceVersion", "")
