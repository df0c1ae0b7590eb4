"""Parts of the server that keep an account of some kind of object, by following the store."""

from __future__ import annotations

from collections.abc import Callable

from proa.cluster.apiserver import codec
from proa.cluster.apiserver.target import key_prefix
from proa.cluster.store import Store, Watch
from proa.kube.resources import Object, Resource

Observer = Callable[[Object | None, Object | None], None]
"""Called with (object now, object before)."""


class Follower:
    """Tells an observer the present objects when made, then every change while it runs."""

    def __init__(self, store: Store, resource: Resource, observe: Observer) -> None:
        self._observe = observe
        page = store.range(key_prefix(resource))
        for entry in page.entries:
            observe(codec.decode(entry), None)
        self._watch: Watch = store.watch(key_prefix(resource), page.revision)

    async def run(self) -> None:
        """Follow until cancelled."""
        while True:
            for event in await self._watch.batch():
                before = codec.decode(event.previous) if event.previous else None
                self._observe(None if event.deleted else codec.decode(event.entry), before)
