"""Claims that ask for more than they have: a word on who is to give it.

Volumes grow by their provisioner, or not at all: no volume of ours grows from here.
Source: kubernetes pkg/controller/volume/expand.
"""

from __future__ import annotations

from proa.cluster.controllers.config import ControllersConfig
from proa.cluster.controllers.once import Once
from proa.cluster.volumes import requested
from proa.kube import (
    PERSISTENT_VOLUME_CLAIMS,
    Controller,
    EventRecorder,
    Manager,
    Object,
    Source,
    is_deleting,
    to_integer,
)


class VolumeExpander:
    """Reconciles claims."""

    def __init__(self, manager: Manager) -> None:
        self._events = Once(EventRecorder(manager.client, "volume_expand"))
        self.claims = manager.informer(PERSISTENT_VOLUME_CLAIMS)

    async def reconcile(self, key: str) -> None:
        """Say that a bound claim which asks for more waits for its provisioner."""
        claim = self.claims.get(key)
        if claim is not None and wants_more(claim):
            message = "waiting for an external controller to expand this PVC"
            await self._events.event(claim, "Normal", "ExternalExpanding", message)


def wants_more(claim: Object) -> bool:
    """Whether a bound claim asks for more than it has."""
    status = claim.get("status") or {}
    if is_deleting(claim) or status.get("phase") != "Bound":
        return False
    return requested(claim) > to_integer((status.get("capacity") or {}).get("storage", 0))


def setup(manager: Manager, config: ControllersConfig) -> None:  # noqa: ARG001 - one shape for all controllers
    """Run with the manager."""
    reconciler = VolumeExpander(manager)
    manager.add(Controller("volume-expander", reconciler, sources=[Source(reconciler.claims)]))
