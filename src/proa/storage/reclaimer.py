"""Released volumes: with the policy Delete their directory goes, then the volume itself.

The finalizer stands on a volume as long as its policy is Delete, so that even a volume that a
person deletes does not leave its directory behind.
"""

from __future__ import annotations

import asyncio
import logging

from proa.errors import NotFound, ProaError
from proa.kube import PERSISTENT_VOLUMES, Client, EventRecorder, Object, annotations_of, is_deleting
from proa.kube.finalizers import set_finalizer
from proa.storage.caches import Caches
from proa.storage.config import ConfigError
from proa.storage.directory import VolumeBackend, explain
from proa.storage.names import FINALIZER, PROVISIONED_BY, PROVISIONER, SELECTED_NODE_OF_VOLUME
from proa.storage.request import locate, path_of
from proa.storage.settings import Settings

_log = logging.getLogger(__name__)


class ReclaimError(ProaError):
    """A volume's directory could not be removed now; tried again with a back-off."""


class Reclaimer:
    """Reconciles the volumes of one node."""

    def __init__(
        self,
        client: Client,
        node_name: str,
        caches: Caches,
        settings: Settings,
        backend: VolumeBackend,
        events: EventRecorder,
    ) -> None:
        self._client = client
        self._node_name = node_name
        self._caches = caches
        self._settings = settings
        self._backend = backend
        self._events = events

    async def reconcile(self, key: str) -> None:
        """Remove what is to be removed. Raises ReclaimError to be asked again."""
        volume = self._caches.volumes.get(key)
        if volume is None or not is_ours(volume) or self._keeper(volume) != self._node_name:
            return
        if not is_reclaimable(volume):
            await set_finalizer(self._client, PERSISTENT_VOLUMES, volume, FINALIZER, wanted=deletes(volume))
            return
        try:
            base, relative = locate(path_of(volume), self._settings.current.all_paths(self._node_name))
            await asyncio.to_thread(self._backend.remove, base, relative)
        except (ConfigError, OSError) as fault:
            message = f"failed to delete volume {key}: {explain(fault)}"
            await self._events.event(volume, "Warning", "VolumeFailedDelete", message)
            raise ReclaimError(message) from fault
        _log.info("volume %s: %s removed", key, path_of(volume))
        await drop(self._client, volume)

    def _keeper(self, volume: Object) -> str:
        """The node that looks after the volume; for a shared directory the first that is ready."""
        if volume["spec"].get("nodeAffinity") is None:
            return self._caches.first_ready_node()
        return node_of(volume)


def is_ours(volume: Object) -> bool:
    """Whether this provisioner made the volume."""
    return annotations_of(volume).get(PROVISIONED_BY) == PROVISIONER


def node_of(volume: Object) -> str:
    """The node on which the volume was made; upstream's annotation says so."""
    return str(annotations_of(volume).get(SELECTED_NODE_OF_VOLUME, ""))


def deletes(volume: Object) -> bool:
    """Whether the directory goes with the claim."""
    return bool(volume["spec"].get("persistentVolumeReclaimPolicy") == "Delete")


def is_reclaimable(volume: Object) -> bool:
    """Whether nobody uses the volume any more and its policy is to remove it."""
    phase = (volume.get("status") or {}).get("phase")
    return deletes(volume) and (phase in ("Released", "Failed") or (is_deleting(volume) and phase != "Bound"))


async def drop(client: Client, volume: Object) -> None:
    """Delete the object and let it go."""
    metadata = volume["metadata"]
    try:
        if not is_deleting(volume):
            await client.delete(PERSISTENT_VOLUMES, metadata["name"], uid=metadata["uid"])
        current = await client.get(PERSISTENT_VOLUMES, metadata["name"])
        if current["metadata"]["uid"] == metadata["uid"]:
            await set_finalizer(client, PERSISTENT_VOLUMES, current, FINALIZER, wanted=False)
    except NotFound:
        return
