"""Keeps one mirror in the API for each static pod, and none for any other."""

from __future__ import annotations

import asyncio
import logging

import aiohttp

from proa.cluster.kubelet.static.manifest import HASH, MIRROR, is_mirror, mirror_of
from proa.errors import ApiError, Conflict, NotFound
from proa.kube import NODES, PODS, Client, Informer, Object, annotations_of, is_deleting

_log = logging.getLogger(__name__)

_RETRY = 1.0


class Mirrors:
    """Mirrors of the static pods that `keep` was told last."""

    def __init__(self, client: Client, informer: Informer, node_name: str) -> None:
        self._client = client
        self._informer = informer
        self._node_name = node_name
        self._static: dict[str, Object] = {}
        self._changed = asyncio.Event()

    def keep(self, static: dict[str, Object]) -> None:
        """These are the static pods, by namespace/name."""
        self._static = static
        self._changed.set()

    def wake(self) -> None:
        """A mirror has changed."""
        self._changed.set()

    def of(self, static: Object) -> Object | None:
        """The present mirror of a static pod."""
        found = self._informer.get(_key(static))
        return found if found is not None and is_current(found, static) else None

    async def run(self) -> None:
        """Create and delete mirrors until cancelled."""
        await self._informer.wait_synced()
        while True:
            self._changed.clear()
            try:
                await self._sync()
            except (ApiError, aiohttp.ClientError, OSError, TimeoutError) as fault:
                _log.warning("mirrors of static pods not written, again in %.0f s: %s", _RETRY, fault)
                await asyncio.sleep(_RETRY)
                continue
            await self._changed.wait()

    async def _sync(self) -> None:
        for mirror in filter(is_mirror, self._informer.list()):
            static = self._static.get(_key(mirror))
            if static is None or not is_current(mirror, static):
                await self._delete(mirror)
        for key, static in self._static.items():
            if self._informer.get(key) is None:
                node = await self._client.get(NODES, self._node_name)
                namespace = static["metadata"]["namespace"]
                await self._client.create(PODS, mirror_of(static, node), namespace)

    async def _delete(self, mirror: Object) -> None:
        metadata = mirror["metadata"]
        try:
            await self._client.delete(
                PODS,
                metadata["name"],
                metadata["namespace"],
                grace_period_seconds=0,
                uid=metadata["uid"],
            )
        except (NotFound, Conflict):
            return  # gone already


def is_current(mirror: Object, static: Object) -> bool:
    """Whether a mirror shows the static pod as it is now, and stays."""
    return annotations_of(mirror).get(MIRROR) == annotations_of(static)[HASH] and not is_deleting(mirror)


def _key(pod: Object) -> str:
    return f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"
