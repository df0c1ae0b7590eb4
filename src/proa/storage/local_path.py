"""The node half of storage: what `proa agent` runs."""

from __future__ import annotations

from dataclasses import dataclass

from proa.kube import Client, Controller, EventRecorder, Manager, Source, WorkQueue
from proa.storage.caches import Caches
from proa.storage.directory import DirectoryBackend, VolumeBackend
from proa.storage.names import CONFIG_MAP, PROVISIONER
from proa.storage.provisioner import Provisioner, claims_of_volume
from proa.storage.reclaimer import Reclaimer
from proa.storage.settings import Settings

_FIRST_RETRY, _LONGEST_RETRY = 1.0, 60.0


@dataclass(frozen=True)
class StorageConfig:
    """Storage settings; the flag is k3s's."""

    default_local_storage_path: str = "/var/lib/proa/storage"


class LocalPathProvisioner:
    """Provisioner and reclaimer of one node. Runs beside any Kubernetes API server."""

    def __init__(
        self,
        client: Client,
        node_name: str,
        config: StorageConfig | None = None,
        backend: VolumeBackend | None = None,
    ) -> None:
        config, backend = config or StorageConfig(), backend or DirectoryBackend()
        self._manager = Manager(client)
        caches = Caches(self._manager)
        events = EventRecorder(client, PROVISIONER, node_name)
        settings = Settings(self._manager, events, config.default_local_storage_path)
        parts = (client, node_name, caches, settings, backend, events)
        provision = Controller(
            "provisioner",
            Provisioner(*parts),
            sources=[
                Source(caches.claims),
                Source(caches.volumes, claims_of_volume),
                Source(caches.classes, lambda _: caches.pending_claims()),
                Source(caches.nodes, lambda _: caches.pending_claims()),
                Source(settings.informer, lambda _: caches.pending_claims()),
            ],
            workers=8,
        )
        reclaim = Controller(
            "reclaimer",
            Reclaimer(*parts),
            sources=[
                Source(caches.volumes),
                Source(caches.nodes, lambda _: caches.unbound_volumes()),
                Source(settings.informer, lambda _: caches.unbound_volumes()),
            ],
            workers=4,
        )
        for controller in (provision, reclaim):
            controller.queue = WorkQueue(_FIRST_RETRY, _LONGEST_RETRY)
            self._manager.add(controller)
        self._manager.add(Controller(CONFIG_MAP, settings, sources=[Source(settings.informer)]))

    async def run(self) -> None:
        """Serve this node's claims until cancelled."""
        await self._manager.run()
