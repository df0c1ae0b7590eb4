"""ReplicaSet, and its elder ReplicationController: as many pods of a template as were asked for."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Sequence

from proa.cluster.controllers.adoption import Adopter
from proa.cluster.controllers.config import ControllersConfig
from proa.cluster.controllers.expectations import PATIENCE, Expectations
from proa.cluster.controllers.pod_control import PodControl, first_fault, pod_from_template, slow_start
from proa.cluster.controllers.pod_health import is_active, next_available
from proa.cluster.controllers.pod_ranking import surplus
from proa.cluster.controllers.replica_status import replica_status
from proa.cluster.controllers.workload_kinds import REPLICA_SETS, REPLICATION_CONTROLLERS
from proa.errors import ApiError
from proa.kube import (
    PODS,
    Controller,
    EventRecorder,
    Manager,
    Object,
    Resource,
    Result,
    Source,
    controller_of,
    is_deleting,
    key_of,
)

_log = logging.getLogger(__name__)

_BURST = 500
"""How many pods are created or deleted before another look."""


class ReplicaSets:
    """Reconciles ReplicaSets or ReplicationControllers; `component` is whom their events name."""

    def __init__(self, manager: Manager, resource: Resource, component: str) -> None:
        self._client = manager.client
        self._resource = resource
        self.sets, self.pods = manager.informer(resource), manager.informer(PODS)
        self.adopter = Adopter(manager.client, self.sets, self.pods)
        self._siblings = Adopter(manager.client, self.sets, self.sets)
        self._expectations = Expectations(self.pods)
        events = EventRecorder(manager.client, component)
        self._control = PodControl(manager.client, events, self._expectations)

    async def reconcile(self, key: str) -> Result | None:
        """Create what is missing, delete what is too much, and report."""
        owner = self.sets.get(key)
        if owner is None:
            self._expectations.forget(key)
            return None
        pods = await self.adopter.claim(owner)
        active = [pod for pod in pods if is_active(pod)]
        met = self._expectations.met(key)
        fault = await self._manage(owner, active) if met and not is_deleting(owner) else None
        now = dt.datetime.now(dt.UTC)
        await self._report(owner, replica_status(owner, pods, fault, now))
        if fault is not None:
            raise fault
        return Result(
            next_available(active, owner["spec"].get("minReadySeconds", 0), now) if met else PATIENCE
        )

    async def _manage(self, owner: Object, active: Sequence[Object]) -> ApiError | None:
        missing = owner["spec"].get("replicas", 1) - len(active)
        if missing > 0:
            template = owner["spec"]["template"]
            _log.info("replica set %s: %d pods more", key_of(owner), missing)
            return await slow_start(
                min(missing, _BURST),
                lambda _: self._control.create(owner, pod_from_template(owner, template)),
            )
        if missing < 0:
            _log.info("replica set %s: %d pods fewer", key_of(owner), -missing)
            going = surplus(active, min(-missing, _BURST), self._related(owner), dt.datetime.now(dt.UTC))
            return await first_fault([self._control.delete(owner, pod) for pod in going])
        return None

    def _related(self, owner: Object) -> list[Object]:
        """The active pods of this set and of those with the same controller."""
        reference = controller_of(owner)
        family = self._siblings.held_by(reference["uid"]) if reference else [owner]
        pods = [pod for member in family for pod in self.adopter.held_by(member["metadata"]["uid"])]
        return [pod for pod in pods if is_active(pod)]

    async def _report(self, owner: Object, status: Object) -> None:
        if status != owner.get("status"):
            await self._client.update(self._resource, owner | {"status": status}, subresource="status")


def setup(manager: Manager, config: ControllersConfig) -> None:  # noqa: ARG001 - the form of all
    """Run with the manager."""
    _add(manager, ReplicaSets(manager, REPLICA_SETS, "replicaset-controller"), "replicaset")
    elder = ReplicaSets(manager, REPLICATION_CONTROLLERS, "replication-controller")
    _add(manager, elder, "replicationcontroller")


def _add(manager: Manager, reconciler: ReplicaSets, name: str) -> None:
    sources = [Source(reconciler.sets), Source(reconciler.pods, reconciler.adopter.owner_keys)]
    manager.add(Controller(name, reconciler, sources=sources, workers=4))
