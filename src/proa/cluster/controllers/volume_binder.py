"""The binder's volume half: each PersistentVolume's phase says whose it is.

Available, Bound, Released (its claim is gone) or Failed (and nobody can reclaim it). What happens
to a released volume is its reclaim policy's matter: Retain leaves it, Delete is carried out by
the provisioner that made it.
"""

from __future__ import annotations

from proa.cluster.controllers.config import ControllersConfig
from proa.cluster.controllers.once import Once
from proa.cluster.controllers.storage_caches import StorageCaches, claimant
from proa.cluster.controllers.volume_writes import VolumeWrites
from proa.cluster.volumes import PROVISIONED_BY, same_mode
from proa.errors import NotFound
from proa.kube import (
    PERSISTENT_VOLUME_CLAIMS,
    Controller,
    EventRecorder,
    Manager,
    Object,
    Source,
    annotations_of,
    is_deleting,
    split_key,
)

_MODES_DIFFER = (
    "Cannot bind PersistentVolume{} to requested PersistentVolumeClaim{} due to incompatible volumeMode."
)


class VolumeBinder:
    """Reconciles volumes; binding itself is the claim half's."""

    def __init__(self, manager: Manager, caches: StorageCaches) -> None:
        self._client = manager.client
        self._caches = caches
        self._writes = VolumeWrites(manager.client)
        self._events = Once(EventRecorder(manager.client, "persistentvolume-controller"))

    async def reconcile(self, key: str) -> None:
        """Make the volume's phase true."""
        volume = self._caches.volumes.get(key)
        if volume is None:
            return
        uid = (volume["spec"].get("claimRef") or {}).get("uid")
        if not uid:
            await self._writes.set_volume_phase(volume, "Available")
            return
        claim = await self._claim(claimant(volume)[0], uid)
        if claim is None:
            await self._released(volume)
        elif claim["spec"].get("volumeName") == key:
            await self._writes.set_volume_phase(volume, "Bound")
        elif claim["spec"].get("volumeName"):
            await self._claim_went_elsewhere(volume)
        elif not same_mode(volume, claim):
            await self._say_modes_differ(volume, claim)

    async def _claim(self, key: str, uid: str) -> Object | None:
        """The claim that the volume is for. An absence is believed only when the server confirms it."""
        cached = self._caches.claims.get(key)
        if cached is not None and cached["metadata"]["uid"] == uid:
            return cached
        namespace, name = split_key(key)
        try:
            live = await self._client.get(PERSISTENT_VOLUME_CLAIMS, name, namespace)
        except NotFound:
            return None
        return live if live["metadata"]["uid"] == uid else None

    async def _released(self, volume: Object) -> None:
        phase = (volume.get("status") or {}).get("phase")
        policy = volume["spec"].get("persistentVolumeReclaimPolicy") or "Retain"
        fault = _unreclaimable(volume, policy)
        if fault and not is_deleting(volume):
            await self._writes.set_volume_phase(volume, "Failed", fault)
            await self._events.event(volume, "Warning", f"VolumeFailed{policy}", fault)
        elif phase != "Failed":
            await self._writes.set_volume_phase(volume, "Released")

    async def _claim_went_elsewhere(self, volume: Object) -> None:
        """The claim is bound to another volume: this one was made in vain, or is free again."""
        dynamic = PROVISIONED_BY in annotations_of(volume)
        if dynamic and volume["spec"].get("persistentVolumeReclaimPolicy") == "Delete":
            await self._writes.set_volume_phase(volume, "Released")
        else:
            await self._writes.set_volume_phase(await self._writes.release(volume), "Available")

    async def _say_modes_differ(self, volume: Object, claim: Object) -> None:
        names = (f' "{volume["metadata"]["name"]}"', ""), ("", f' "{claim["metadata"]["name"]}"')
        about_volume, about_claim = (_MODES_DIFFER.format(*pair) for pair in names)
        await self._events.event(volume, "Warning", "VolumeMismatch", about_claim)
        await self._events.event(claim, "Warning", "VolumeMismatch", about_volume)


def _unreclaimable(volume: Object, policy: str) -> str:
    """Why nobody can carry the policy out; empty when somebody can."""
    if policy == "Recycle":
        return "the policy Recycle is not supported: use Retain, or a class with Delete"
    if policy == "Delete" and PROVISIONED_BY not in annotations_of(volume):
        return "no provisioner made this volume, so none deletes it: remove its data and the object by hand"
    return ""


def setup(manager: Manager, config: ControllersConfig) -> None:  # noqa: ARG001 - one shape for all controllers
    """Run with the manager."""
    caches = StorageCaches(manager)
    sources = [Source(caches.volumes), Source(caches.claims, caches.volumes_concerned)]
    manager.add(Controller("volume-binder", VolumeBinder(manager, caches), sources=sources, workers=8))
