"""A claim that asks for more than its volume has gets it: a directory grows by itself.

The class must say `allowVolumeExpansion: true`, which the API server asks for before it lets a claim grow.
Source: kubernetes.io, expanding persistent volume claims; conditions and events of external-resizer.
"""

from __future__ import annotations

import logging

from proa.kube import (
    PERSISTENT_VOLUME_CLAIMS,
    PERSISTENT_VOLUMES,
    Controller,
    EventRecorder,
    Manager,
    Object,
    Source,
    is_deleting,
)
from proa.kube.quantities import parse_quantity
from proa.storage.caches import Caches
from proa.storage.names import PROVISIONER
from proa.storage.provisioner import claims_of_volume
from proa.storage.reclaimer import is_ours

_log = logging.getLogger(__name__)

_RESIZE_CONDITIONS = ("Resizing", "FileSystemResizePending")


class Resizer:
    """Reconciles claims."""

    def __init__(self, manager: Manager, caches: Caches) -> None:
        self._client = manager.client
        self._caches = caches
        self._events = EventRecorder(manager.client, f"external-resizer {PROVISIONER}")

    async def reconcile(self, key: str) -> None:
        """Write the claim's size to the volume, then what the claim has got."""
        claim = self._caches.claims.get(key)
        if claim is None or is_deleting(claim) or (claim.get("status") or {}).get("phase") != "Bound":
            return
        volume = self._caches.volumes.get(claim["spec"]["volumeName"])
        wanted = claim["spec"]["resources"]["requests"]["storage"]
        if volume is None or not is_ours(volume) or not _exceeds(wanted, claim["status"].get("capacity")):
            return
        if _exceeds(wanted, volume["spec"].get("capacity")):
            told = f"External resizer is resizing volume {volume['metadata']['name']}"
            await self._events.event(claim, "Normal", "Resizing", told)
            await self._grow(volume, wanted)
        await self._tell(claim, wanted)

    async def _grow(self, volume: Object, size: str) -> None:
        metadata = volume["metadata"]
        patch = {
            "metadata": {"resourceVersion": metadata["resourceVersion"]},
            "spec": {"capacity": {"storage": size}},
        }
        await self._client.patch(PERSISTENT_VOLUMES, metadata["name"], patch)
        _log.info("volume %s has %s now", metadata["name"], size)

    async def _tell(self, claim: Object, size: str) -> None:
        metadata = claim["metadata"]
        conditions = claim["status"].get("conditions") or ()
        left = [condition for condition in conditions if condition["type"] not in _RESIZE_CONDITIONS]
        patch = {
            "metadata": {"resourceVersion": metadata["resourceVersion"]},
            "status": {"capacity": {"storage": size}, "conditions": left or None},
        }
        await self._client.patch(
            PERSISTENT_VOLUME_CLAIMS, metadata["name"], patch, metadata["namespace"], subresource="status"
        )
        await self._events.event(claim, "Normal", "VolumeResizeSuccessful", "Resize volume succeeded")


def _exceeds(size: str, capacity: Object | None) -> bool:
    return parse_quantity(size) > parse_quantity((capacity or {}).get("storage", "0"))


def setup(manager: Manager) -> None:
    """Run with the manager, once for a cluster."""
    caches = Caches(manager)
    sources = [Source(caches.claims), Source(caches.volumes, claims_of_volume)]
    manager.add(Controller("resizer", Resizer(manager, caches), sources=sources))
