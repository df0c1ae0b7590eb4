"""The in-process client: `proa.kube.Client` straight on the registry, without HTTP.

Objects of watch events are decoded once for all in-process watchers; they are shared and
read-only, as cached objects are. All other objects are the caller's own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import msgspec

from proa.cluster.apiserver import codec
from proa.cluster.apiserver.actions import Actions
from proa.cluster.apiserver.aggregation import Aggregator
from proa.cluster.apiserver.aggregation.content import delete_content
from proa.cluster.apiserver.identity import User
from proa.cluster.apiserver.options import DeleteOptions, ListOptions, WriteOptions
from proa.cluster.apiserver.target import Target
from proa.cluster.apiserver.watches import Change
from proa.cluster.store import Entry
from proa.errors import ApiError, NotFound
from proa.kube.client import PatchType, WatchEvent
from proa.kube.resources import Object, Resource


class LocalClient:
    """A client of the server in the same process, as one user."""

    def __init__(self, actions: Actions, aggregator: Aggregator, user: User, component: str) -> None:
        """`component` is who owns the fields that are written without a field manager's name."""
        self._aggregator = aggregator
        self._actions = actions
        self._user = user
        self._component = component

    async def get(
        self, resource: Resource, name: str, namespace: str = "", *, subresource: str = ""
    ) -> Object:
        target = self._target(resource, namespace, name, subresource)
        return codec.decode(await self._actions.get(self._user, target))

    async def list(
        self,
        resource: Resource,
        namespace: str = "",
        *,
        label_selector: str = "",
        field_selector: str = "",
        resource_version: str = "",
        limit: int = 0,
        continue_token: str = "",
    ) -> Object:
        options = ListOptions(
            label_selector=label_selector,
            field_selector=field_selector,
            resource_version=resource_version,
            limit=limit,
            continue_token=continue_token,
        )
        options.check()
        listing = await self._actions.list(self._user, self._target(resource, namespace), options)
        return {
            "kind": listing.kind.list_kind,
            "apiVersion": resource.api_version,
            "metadata": listing.metadata(),
            "items": [codec.decode(entry) for entry in listing.entries],
        }

    async def watch(
        self,
        resource: Resource,
        namespace: str = "",
        *,
        resource_version: str = "",
        label_selector: str = "",
        field_selector: str = "",
        initial_events: bool = False,
        timeout_seconds: int = 0,
    ) -> AsyncIterator[WatchEvent]:
        options = ListOptions(
            label_selector=label_selector,
            field_selector=field_selector,
            resource_version=resource_version,
            match="NotOlderThan" if initial_events else "",
            watch=True,
            bookmarks=True,
            initial_events=True if initial_events else None,
            timeout_seconds=timeout_seconds,
        )
        options.check()
        stream = self._actions.watch(self._user, self._target(resource, namespace), options)
        try:
            async for changes in stream.changes():
                for change in changes:
                    yield _event(change)
        finally:
            stream.close()

    async def create(
        self, resource: Resource, obj: Object, namespace: str = "", *, name: str = "", subresource: str = ""
    ) -> Object:
        metadata = obj.get("metadata") or {}
        target = self._target(resource, namespace or metadata.get("namespace", ""), name, subresource)
        return _decoded(await self._actions.create(self._user, target, _own(obj), self._options()))

    async def update(self, resource: Resource, obj: Object, *, subresource: str = "") -> Object:
        metadata = obj["metadata"]
        target = self._target(resource, metadata.get("namespace", ""), metadata["name"], subresource)
        return _decoded(await self._actions.update(self._user, target, _own(obj), self._options()))

    async def patch(
        self,
        resource: Resource,
        name: str,
        patch: Mapping[str, Any] | Sequence[Any],
        namespace: str = "",
        *,
        kind: PatchType = PatchType.MERGE,
        subresource: str = "",
        field_manager: str = "",
    ) -> Object:
        target = self._target(resource, namespace, name, subresource)
        options = self._options(field_manager)
        return codec.decode((await self._actions.patch(self._user, target, _own(patch), kind, options)).entry)

    async def delete(
        self,
        resource: Resource,
        name: str,
        namespace: str = "",
        *,
        grace_period_seconds: int | None = None,
        propagation_policy: str | None = None,
        uid: str | None = None,
        resource_version: str | None = None,
    ) -> Object:
        options = DeleteOptions(
            grace_period_seconds=grace_period_seconds,
            propagation=propagation_policy or "",
            uid=uid or "",
            resource_version=resource_version or "",
        )
        return _decoded(
            await self._actions.delete(self._user, self._target(resource, namespace, name), options)
        )

    def _options(self, field_manager: str = "") -> WriteOptions:
        return WriteOptions(field_manager=field_manager, agent=self._component)

    async def read(self, path: str, query: Mapping[str, str]) -> Object:
        """The object at a path of an aggregated server. Raises ServiceUnavailable while that is away."""
        return await self._aggregator.read(self._user, path, query)

    async def delete_aggregated(self, namespace: str) -> tuple[Counter[str], Sequence[str]]:
        """Ask aggregated servers to delete all in a namespace: what is left by `plural.group`, and faults."""

        async def ask(method: str, path: str) -> Object:
            return await self._aggregator.ask(self._user, method, path, {})

        return await delete_content(self._aggregator.remotes, ask, namespace)

    async def close(self) -> None:
        """Nothing to give back."""

    def _target(
        self, resource: Resource, namespace: str = "", name: str = "", subresource: str = ""
    ) -> Target:
        kind = self._actions.kinds.find(resource.group, resource.version, resource.plural)
        if kind is None:
            raise NotFound("the server could not find the requested resource")
        return Target(kind, namespace if resource.namespaced else "", name, subresource)


def _own(body: Any) -> Any:
    """A copy that shares nothing with the caller's; what JSON cannot say fails here."""
    return msgspec.json.decode(msgspec.json.encode(body))


def _decoded(result: Entry | Object) -> Object:
    return codec.decode(result) if isinstance(result, Entry) else result


def _event(change: Change) -> WatchEvent:
    if change.type == "ERROR":
        raise ApiError.from_status(codec.decode_bytes(change.value))
    if change.shared is None:
        return WatchEvent(change.type, codec.decode_bytes(change.value))
    obj = change.shared.get("object")
    if obj is None:
        obj = change.shared["object"] = codec.decode_bytes(change.value)
    return WatchEvent(change.type, obj)
