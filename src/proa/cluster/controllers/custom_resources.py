"""The collections of custom resources, as the stored definitions have them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator

from proa.kube import Client, Informer, Object, Resource
from proa.kube.meta import condition_is_true


def resources(definitions: Informer) -> list[Resource]:
    """Each collection that is served, once, in the version that is stored if that is served."""
    return [found for obj in definitions.list() if (found := resource_of(obj)) is not None]


def resource_of(definition: Object) -> Resource | None:
    """Where the objects of a definition are; None while they are nowhere."""
    if not condition_is_true(definition, "Established"):
        return None
    spec = definition["spec"]
    version = _version(spec["versions"])
    if version is None:
        return None
    names = definition["status"]["acceptedNames"]
    return Resource(
        spec["group"], version, names["plural"], names["kind"], namespaced=spec["scope"] == "Namespaced"
    )


def _version(versions: Iterable[Object]) -> str | None:
    served = [version for version in versions if version.get("served")]
    served.sort(key=lambda version: not version.get("storage"))
    return str(served[0]["name"]) if served else None


Joined = Callable[[Resource, Informer], None]
"""Called with a collection that has come to be, and the copy of it that is kept from now on."""
Left = Callable[[Resource, bool], None]
"""Called with a collection that is served no longer, and whether its objects are gone with the definition."""


class CustomCollections:
    """Keeps a copy of every collection of custom resources for as long as it is served."""

    def __init__(self, client: Client, definitions: Informer, joined: Joined, left: Left) -> None:
        self._client = client
        self._definitions = definitions
        self._joined = joined
        self._left = left
        self._running: dict[Resource, asyncio.Task[None]] = {}

    def __iter__(self) -> Iterator[Resource]:
        return iter(tuple(self._running))

    async def run(self) -> None:
        """Follow the definitions until cancelled."""
        self._definitions.on_change(self._changed)
        try:
            await asyncio.Future()
        finally:
            for task in self._running.values():
                task.cancel()
            await asyncio.gather(*self._running.values(), return_exceptions=True)

    def _changed(self, old: Object | None, new: Object | None) -> None:
        before = resource_of(old) if old is not None else None
        after = resource_of(new) if new is not None else None
        if before == after:
            return
        if before is not None and before in self._running:
            self._running.pop(before).cancel()
            self._left(before, new is None)
        if after is not None and after not in self._running:
            informer = Informer(self._client, after)
            self._joined(after, informer)
            self._running[after] = asyncio.ensure_future(informer.run())
