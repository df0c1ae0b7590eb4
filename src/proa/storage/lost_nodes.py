"""What belongs to nodes that no longer exist, and that no node half is left to look after.

A reclaimable volume goes as an object; its directory, if the disk still exists, stays. A claim that
was given such a node before it had a volume is given back to the scheduler.
"""

from __future__ import annotations

import logging

from proa.errors import NotFound
from proa.kube import NODES, PERSISTENT_VOLUME_CLAIMS, Controller, Manager, Source, annotations_of
from proa.storage.caches import Caches
from proa.storage.names import SELECTED_NODE
from proa.storage.reclaimer import drop, is_ours, is_reclaimable, node_of

_log = logging.getLogger(__name__)


class LostVolumes:
    """Reconciles volumes."""

    def __init__(self, manager: Manager, caches: Caches) -> None:
        self._client = manager.client
        self._caches = caches
        self._nodes = _Nodes(manager, caches)

    async def reconcile(self, key: str) -> None:
        """Let go of a reclaimable volume whose node is gone."""
        volume = self._caches.volumes.get(key)
        if volume is None or not is_ours(volume) or not is_reclaimable(volume):
            return
        node = node_of(volume)
        if await self._nodes.is_lost(node):
            _log.warning("volume %s: node %s is gone; its directory, if any, is left as it is", key, node)
            await drop(self._client, volume)


class LostClaims:
    """Reconciles claims."""

    def __init__(self, manager: Manager, caches: Caches) -> None:
        self._client = manager.client
        self._caches = caches
        self._nodes = _Nodes(manager, caches)

    async def reconcile(self, key: str) -> None:
        """Take the selected node off an unserved claim when that node is gone."""
        claim = self._caches.claims.get(key)
        if claim is None or claim["spec"].get("volumeName") or not self._caches.is_ours(claim):
            return
        node = annotations_of(claim).get(SELECTED_NODE, "")
        if not await self._nodes.is_lost(node):
            return
        _log.warning("claim %s: node %s is gone; the scheduler chooses another", key, node)
        metadata = claim["metadata"]
        patch = {
            "metadata": {
                "resourceVersion": metadata["resourceVersion"],
                "annotations": {SELECTED_NODE: None},
            }
        }
        await self._client.patch(PERSISTENT_VOLUME_CLAIMS, metadata["name"], patch, metadata["namespace"])


class _Nodes:
    def __init__(self, manager: Manager, caches: Caches) -> None:
        self._client = manager.client
        self._caches = caches

    async def is_lost(self, name: str) -> bool:
        """Whether a node of that name is named but not there; the server is asked before that is believed."""
        if not name or self._caches.nodes.get(name) is not None:
            return False
        try:
            await self._client.get(NODES, name)
        except NotFound:
            return True
        return False


def setup(manager: Manager) -> None:
    """Run both with the manager."""
    caches = Caches(manager)
    manager.add(
        Controller(
            "lost-volumes",
            LostVolumes(manager, caches),
            sources=[Source(caches.volumes), Source(caches.nodes, lambda _: caches.unbound_volumes())],
        )
    )
    manager.add(
        Controller(
            "lost-claims",
            LostClaims(manager, caches),
            sources=[Source(caches.claims), Source(caches.nodes, lambda _: caches.pending_claims())],
        )
    )
