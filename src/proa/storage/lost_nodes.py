"""Volumes of nodes that no longer exist: nobody is left to remove the directory, so only the object goes."""

from __future__ import annotations

import logging

from proa.errors import NotFound
from proa.kube import NODES, Client, Manager
from proa.storage.caches import Caches
from proa.storage.reclaimer import drop, is_ours, is_reclaimable, node_of

_log = logging.getLogger(__name__)


class LostNodeReclaimer:
    """Reconciles volumes in the cluster-wide half, as upstream does when the Node object is gone."""

    def __init__(self, manager: Manager) -> None:
        self._client: Client = manager.client
        self.caches = Caches(manager)

    async def reconcile(self, key: str) -> None:
        """Let go of a reclaimable volume whose node is gone."""
        volume = self.caches.volumes.get(key)
        if volume is None or not is_ours(volume) or not is_reclaimable(volume):
            return
        node = node_of(volume)
        if not node or self.caches.nodes.get(node) is not None or await self._exists(node):
            return
        _log.warning("volume %s: node %s is gone; its directory, if any, is left as it is", key, node)
        await drop(self._client, volume)

    async def _exists(self, node: str) -> bool:
        try:
            await self._client.get(NODES, node)
        except NotFound:
            return False
        return True
