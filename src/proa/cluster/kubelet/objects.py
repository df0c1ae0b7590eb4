"""The ConfigMaps, Secrets, claims and volumes that this node's pods refer to, each watched by name."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from proa.kube import Client, Informer, Object, Resource


class Reference(NamedTuple):
    """One object by name; the namespace is empty for a cluster-wide kind."""

    resource: Resource
    namespace: str
    name: str

    @property
    def key(self) -> str:
        return f"{self.namespace}/{self.name}" if self.namespace else self.name

    def __str__(self) -> str:
        return f'{self.resource.kind.lower()} "{self.name}"'


@dataclass
class _Entry:
    informer: Informer
    task: asyncio.Task[None]
    holders: set[str] = field(default_factory=set)


class ObjectCache:
    """Holds an object as long as a pod needs it; one list and one watch each, shared by all pods.

    `on_change` is called with the uid of every holder when a held object appears, changes or goes.
    """

    def __init__(self, client: Client, on_change: Callable[[str], None]) -> None:
        self._client = client
        self._on_change = on_change
        self._entries: dict[Reference, _Entry] = {}

    async def hold(self, uid: str, references: Iterable[Reference]) -> None:
        """Follow the objects for the pod `uid`; returns when all are known, present or absent."""
        entries = [self._entry(reference) for reference in references]
        for entry in entries:
            entry.holders.add(uid)
        await asyncio.gather(*(entry.informer.wait_synced() for entry in entries))

    def get(self, reference: Reference) -> Object | None:
        """The held object as last seen; None when it does not exist."""
        entry = self._entries.get(reference)
        return entry.informer.get(reference.key) if entry else None

    def release(self, uid: str) -> None:
        """The pod is gone; objects that nobody else holds are no longer followed."""
        for reference, entry in list(self._entries.items()):
            entry.holders.discard(uid)
            if not entry.holders:
                entry.task.cancel()
                del self._entries[reference]

    async def close(self) -> None:
        """Follow nothing any more."""
        for entry in self._entries.values():
            entry.task.cancel()
        await asyncio.gather(*(e.task for e in self._entries.values()), return_exceptions=True)
        self._entries.clear()

    def _entry(self, reference: Reference) -> _Entry:
        if reference not in self._entries:
            informer = Informer(
                self._client,
                reference.resource,
                reference.namespace,
                field_selector=f"metadata.name={reference.name}",
            )
            entry = _Entry(informer, asyncio.create_task(informer.run()))
            informer.on_change(lambda _old, _new: self._changed(entry))
            self._entries[reference] = entry
        return self._entries[reference]

    def _changed(self, entry: _Entry) -> None:
        if entry.task.done():
            return
        for uid in tuple(entry.holders):
            self._on_change(uid)
