"""The binder's claim half: finds each PersistentVolumeClaim its volume, or has one provisioned.

Source: kubernetes.io/docs/concepts/storage/persistent-volumes; upstream's persistent volume
controller, whose events and messages these are.
"""

from __future__ import annotations

import asyncio

from proa.cluster.controllers.config import ControllersConfig
from proa.cluster.controllers.once import Once
from proa.cluster.controllers.storage_caches import StorageCaches
from proa.cluster.controllers.volume_writes import VolumeWrites
from proa.cluster.volumes import (
    BIND_COMPLETED,
    SELECTED_NODE,
    Reference,
    best_match,
    class_of,
    default_class,
    mismatch,
    names_a_class,
    reference_to,
    waits_for_consumer,
)
from proa.errors import NotFound
from proa.kube import (
    PERSISTENT_VOLUMES,
    Controller,
    EventRecorder,
    Manager,
    Object,
    Source,
    annotations_of,
    is_deleting,
    key_of,
)

_NO_VOLUME = "no persistent volumes available for this claim and no storage class is set"
_NO_REFERENCE = "Bound claim has lost reference to PersistentVolume. Data on the volume is lost!"
_VOLUME_LOST = "Bound claim has lost its PersistentVolume. Data on the volume is lost!"
_MISBOUND = "Two claims are bound to the same volume, this one is bound incorrectly"
_WAITING = (
    "Waiting for a volume to be created either by the external provisioner '{}' or manually by the"
    " system administrator. If volume creation is delayed, please verify that the provisioner is"
    " running and correctly registered."
)


class ClaimBinder:
    """Reconciles claims; every write is one that may be repeated."""

    def __init__(self, manager: Manager, caches: StorageCaches) -> None:
        self._client = manager.client
        self._caches = caches
        self._writes = VolumeWrites(manager.client)
        self._events = Once(EventRecorder(manager.client, "persistentvolume-controller"))

    async def reconcile(self, key: str) -> None:
        """Bring the claim one step nearer to its volume."""
        claim = self._caches.claims.get(key)
        if claim is None:
            return
        if BIND_COMPLETED in annotations_of(claim):
            await self._check(claim)
        elif claim["spec"].get("volumeName"):
            await self._bind_requested(claim)
        elif not is_deleting(claim):
            await self._find(claim)

    async def _find(self, claim: Object) -> None:
        """The claim leaves the choice to us."""
        storage_class = self._caches.classes.get(class_of(claim))
        reserved = self._caches.reserved_for(key_of(claim))
        waits = waits_for_consumer(storage_class)
        volume = best_match(
            claim, reserved if waits else [*reserved, *self._caches.of_class(class_of(claim))]
        )
        if volume is not None:
            await self._bind(volume, claim)
        elif not names_a_class(claim) and (default := default_class(self._caches.classes.list())):
            await self._writes.set_class(claim, default["metadata"]["name"])
        elif waits and SELECTED_NODE not in annotations_of(claim):
            await self._say_what_is_awaited(claim)
        elif class_of(claim):
            await self._call_provisioner(claim, storage_class)
        else:
            await self._events.event(claim, "Normal", "FailedBinding", _NO_VOLUME)

    async def _say_what_is_awaited(self, claim: Object) -> None:
        pods = [
            p["metadata"]["name"] for p in self._caches.users(key_of(claim)) if not p["spec"].get("nodeName")
        ]
        if not pods:
            message = "waiting for first consumer to be created before binding"
            await self._events.event(claim, "Normal", "WaitForFirstConsumer", message)
            return
        noun = "pod" if len(pods) == 1 else "pods"
        message = f"waiting for {noun} {','.join(sorted(pods))} to be scheduled"
        await self._events.event(claim, "Normal", "WaitForPodScheduled", message)

    async def _call_provisioner(self, claim: Object, storage_class: Object | None) -> None:
        if storage_class is None:
            message = f'storageclass.storage.k8s.io "{class_of(claim)}" not found'
            await self._events.event(claim, "Warning", "ProvisioningFailed", message)
            return
        provisioner = storage_class["provisioner"]
        await self._writes.set_provisioner(claim, provisioner)
        await self._events.event(claim, "Normal", "ExternalProvisioning", _WAITING.format(provisioner))

    async def _bind_requested(self, claim: Object) -> None:
        """The claim names its volume."""
        name = claim["spec"]["volumeName"]
        volume = self._caches.volumes.get(name)
        if volume is None:
            return  # it may come yet
        reference = reference_to(volume, claim)
        if reference is Reference.OTHER:
            message = f'volume "{name}" already bound to a different claim.'
            await self._events.event(claim, "Warning", "FailedBinding", message)
        elif reference is Reference.NONE and (why := mismatch(volume, claim)):
            message = f'Cannot bind to requested volume "{name}": {why}'
            await self._events.event(claim, "Warning", "VolumeMismatch", message)
        else:
            await self._bind(volume, claim)

    async def _check(self, claim: Object) -> None:
        """The claim was bound once: it still is, or it is lost."""
        name = claim["spec"].get("volumeName")
        if not name:
            await self._lose(claim, "ClaimLost", _NO_REFERENCE)
            return
        volume = self._caches.volumes.get(name) or await self._live_volume(name)
        if volume is None:
            await self._lose(claim, "ClaimLost", _VOLUME_LOST)
        elif reference_to(volume, claim) is Reference.OTHER:
            await self._lose(claim, "ClaimMisbound", _MISBOUND)
        else:
            await self._bind(volume, claim)

    async def _bind(self, volume: Object, claim: Object) -> None:
        """Volume first, then claim: whoever sees the claim bound can rely on the volume."""
        volume = await self._writes.reserve(volume, claim)
        claim = await self._writes.name_volume(claim, volume["metadata"]["name"])
        await asyncio.gather(
            self._writes.set_claim_bound(claim, volume), self._writes.set_volume_phase(volume, "Bound")
        )

    async def _lose(self, claim: Object, reason: str, message: str) -> None:
        if (claim.get("status") or {}).get("phase") != "Lost":
            await self._writes.set_claim_lost(claim)
            await self._events.event(claim, "Warning", reason, message)

    async def _live_volume(self, name: str) -> Object | None:
        """The cache may lag behind the volume that the scheduler or a provisioner has just written."""
        try:
            return await self._client.get(PERSISTENT_VOLUMES, name)
        except NotFound:
            return None


def setup(manager: Manager, config: ControllersConfig) -> None:  # noqa: ARG001 - one shape for all controllers
    """Run with the manager."""
    caches = StorageCaches(manager)
    sources = [
        Source(caches.claims),
        Source(caches.volumes, caches.claims_concerned),
        Source(caches.classes, caches.pending),
    ]
    manager.add(Controller("claim-binder", ClaimBinder(manager, caches), sources=sources, workers=8))
