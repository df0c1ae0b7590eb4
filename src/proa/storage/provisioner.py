"""The provisioner on one node: claims that were given this node get a directory and a volume.

Source: github.com/rancher/local-path-provisioner, sigs.k8s.io/sig-storage-lib-external-provisioner.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

from proa.errors import AlreadyExists, ProaError
from proa.kube import (
    PERSISTENT_VOLUMES,
    Client,
    EventRecorder,
    Object,
    annotations_of,
    is_deleting,
)
from proa.storage.caches import Caches
from proa.storage.config import ConfigError
from proa.storage.directory import VolumeBackend, explain
from proa.storage.names import PROVISIONER, SELECTED_NODE, STORAGE_PROVISIONER
from proa.storage.request import Request, path_of, place, volume_of
from proa.storage.settings import Settings

_log = logging.getLogger(__name__)


class ProvisioningError(ProaError):
    """A claim could not be served now; tried again with a back-off."""


class Provisioner:
    """Reconciles claims. Every step may be repeated: a kill at any point loses nothing."""

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
        self._made: set[str] = set()

    async def reconcile(self, key: str) -> None:
        """Serve the claim if it is this node's to serve. Raises ProvisioningError to be asked again."""
        request = self._request(self._caches.claims.get(key))
        if request is None or self._is_made(request.volume_name):
            return
        message = f'External provisioner is provisioning volume for claim "{key}"'
        await self._events.event(request.claim, "Normal", "Provisioning", message)
        volume = await self._make(request)
        # It may have been made before a crash or a lost answer: its name holds the claim's uid.
        with suppress(AlreadyExists):
            await self._client.create(PERSISTENT_VOLUMES, volume)
        self._made.add(request.volume_name)
        _log.info("volume %s made at %s", request.volume_name, path_of(volume))
        message = f"Successfully provisioned volume {request.volume_name}"
        await self._events.event(request.claim, "Normal", "ProvisioningSucceeded", message)

    async def _make(self, request: Request) -> Object:
        """The directory is there; returns the volume to be written."""
        try:
            placement = place(request, self._settings.current)
            volume = volume_of(request, placement)
            await asyncio.to_thread(self._backend.make, placement.base, placement.relative)
            return volume
        except (ConfigError, OSError) as fault:
            class_name = request.storage_class["metadata"]["name"]
            message = f'failed to provision volume with StorageClass "{class_name}": {explain(fault)}'
            await self._events.event(request.claim, "Warning", "ProvisioningFailed", message)
            raise ProvisioningError(message) from fault

    def _is_made(self, volume_name: str) -> bool:
        """Whether the volume is there, or was just written and the cache does not show it yet."""
        if self._caches.volumes.get(volume_name) is None:
            return volume_name in self._made
        self._made.discard(volume_name)
        return True

    def _request(self, claim: Object | None) -> Request | None:
        """What is to be provisioned on this node for the claim; None when nothing is."""
        if claim is None or is_deleting(claim) or claim["spec"].get("volumeName"):
            return None
        annotations, storage_class = annotations_of(claim), self._caches.class_of(claim)
        if storage_class is None or storage_class["provisioner"] != PROVISIONER:
            return None
        selected = annotations.get(SELECTED_NODE, "")
        if storage_class.get("volumeBindingMode") == "WaitForFirstConsumer" or selected:
            ours = selected == self._node_name
        else:  # the binder looks for an existing volume first, then it calls the provisioner
            called = any(annotations.get(key) == PROVISIONER for key in STORAGE_PROVISIONER)
            ours = called and self._caches.first_ready_node() == self._node_name
        return Request(claim, storage_class, selected, self._caches.node_labels(selected)) if ours else None


def claims_of_volume(volume: Object) -> tuple[str, ...]:
    """The key of the claim that a volume serves: it may need another one when that volume goes."""
    reference = volume["spec"].get("claimRef") or {}
    return (f"{reference['namespace']}/{reference['name']}",) if reference.get("name") else ()
