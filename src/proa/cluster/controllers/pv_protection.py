"""A volume that a claim is bound to is not removed under it: finalizer kubernetes.io/pv-protection."""

from __future__ import annotations

from proa.cluster.controllers.config import ControllersConfig
from proa.kube import PERSISTENT_VOLUMES, Controller, Manager, Source, is_deleting
from proa.kube.finalizers import set_finalizer

FINALIZER = "kubernetes.io/pv-protection"


class VolumeProtection:
    """Reconciles volumes."""

    def __init__(self, manager: Manager) -> None:
        self._client = manager.client
        self.volumes = manager.informer(PERSISTENT_VOLUMES)

    async def reconcile(self, key: str) -> None:
        """Put the finalizer on a living volume; take it off a deleted one that is not bound."""
        volume = self.volumes.get(key)
        if volume is None:
            return
        bound = (volume.get("status") or {}).get("phase") == "Bound"
        wanted = bound or not is_deleting(volume)
        await set_finalizer(self._client, PERSISTENT_VOLUMES, volume, FINALIZER, wanted=wanted)


def setup(manager: Manager, config: ControllersConfig) -> None:  # noqa: ARG001 - one shape for all controllers
    """Run with the manager."""
    reconciler = VolumeProtection(manager)
    manager.add(Controller("pv-protection", reconciler, sources=[Source(reconciler.volumes)]))
