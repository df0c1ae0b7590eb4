"""The other versions of a kind, as which a webhook or policy may want to see it, and the way there and back.

Source: kubernetes.io, extensible admission controllers, matchPolicy.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from proa.cluster.apiserver.admission import Request
from proa.cluster.apiserver.kind import Kind
from proa.cluster.apiserver.kinds.registry import Registry
from proa.cluster.apiserver.target import Target, key_prefix
from proa.cluster.apiserver.webhooks.review import Seen
from proa.kube.resources import Object, Resource


class Equivalents:
    """Kinds whose objects lie in one collection."""

    def __init__(self, kinds: Registry) -> None:
        self._kinds = kinds
        self._generation = -1
        self._by_collection: Mapping[str, list[Kind]] = {}

    def of(self, target: Target) -> Sequence[Resource]:
        """The other resources under which the target's object, or its subresource, is served."""
        return [
            kind.resource
            for kind in self._collections().get(_collection(target.kind), ())
            if kind is not target.kind and _has(kind, target.subresource)
        ]

    async def seen(self, request: Request, resource: Resource) -> Seen:
        """A request as one for that resource, with its objects in that version. Raises ApiError."""

        async def shown(obj: Object | None) -> Object | None:
            return None if obj is None else await self.shown(obj, request.target, resource)

        now = None if request.operation == "DELETE" else request.obj
        return Seen(resource, await shown(now), await shown(request.old))

    def target(self, target: Target, resource: Resource) -> Target:
        """The target as one of that resource."""
        return target if resource == target.resource else replace(target, kind=self._kind(resource))

    async def shown(self, obj: Object, target: Target, resource: Resource) -> Object:
        """An object of the target's version as one of that resource. Raises ApiError.

        What is of no version of the kind, such as the Scale of a subresource, stays as it is.
        """
        return await self._converted(obj, target.resource, resource)

    async def taken(self, obj: Object, resource: Resource, target: Target) -> Object:
        """An object of that resource as one of the target's version. Raises ApiError."""
        return await self._converted(obj, resource, target.resource)

    async def _converted(self, obj: Object, source: Resource, wanted: Resource) -> Object:
        if source == wanted or obj.get("apiVersion") != source.api_version:
            return obj
        before, after = self._kind(source), self._kind(wanted)
        stored = await before.conversion.stored(obj) if before.conversion is not None else obj
        form = after.form or after.conversion
        return stored if form is None else await form.converted(stored)

    def _kind(self, resource: Resource) -> Kind:
        kind = self._kinds.find(resource.group, resource.version, resource.plural)
        assert kind is not None, resource
        return kind

    def _collections(self) -> Mapping[str, list[Kind]]:
        generation = self._kinds.generation
        if generation != self._generation:
            found = defaultdict(list)
            for kind in self._kinds:
                found[_collection(kind)].append(kind)
            self._by_collection, self._generation = found, generation
        return self._by_collection


def _collection(kind: Kind) -> str:
    return key_prefix(kind.stored_as or kind.resource)


def _has(kind: Kind, subresource: str) -> bool:
    return not subresource or subresource in kind.subresources
