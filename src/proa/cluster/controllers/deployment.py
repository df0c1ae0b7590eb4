"""Deployment: ReplicaSets, one a revision of the pod template, of which one replaces the others.

One pass makes one step; the change that it makes wakes the next. A step is decided from the cache
only when the cache shows what the last one wrote.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterable

from proa.cluster.controllers import rollout
from proa.cluster.controllers.adoption import Adopter, selector_of
from proa.cluster.controllers.config import ControllersConfig
from proa.cluster.controllers.deployment_family import (
    Family,
    is_scaling,
    member,
    new_replica_set,
    newest_again,
    size_of,
)
from proa.cluster.controllers.deployment_status import deployment_status, is_complete, time_to_deadline
from proa.cluster.controllers.deployment_writer import ReplicaSetWriter
from proa.cluster.controllers.expectations import PATIENCE, Expectations
from proa.cluster.controllers.pods import is_finished
from proa.cluster.controllers.workload_kinds import DEPLOYMENTS, REPLICA_SETS
from proa.kube import (
    PODS,
    Controller,
    EventRecorder,
    Manager,
    Object,
    Result,
    Source,
    controller_of,
    is_deleting,
    key_of,
)
from proa.kube.selectors import EVERYTHING

_log = logging.getLogger(__name__)

Found = tuple[str, str] | None
"""Reason and message of a newest ReplicaSet that just came to be."""


class Deployments:
    """Reconciles Deployments."""

    def __init__(self, manager: Manager) -> None:
        self._client = manager.client
        self._events = EventRecorder(manager.client, "deployment-controller")
        self.deployments, self.sets = manager.informer(DEPLOYMENTS), manager.informer(REPLICA_SETS)
        self.pods = manager.informer(PODS)
        self.adopter = Adopter(manager.client, self.deployments, self.sets)
        self._pods_of = Adopter(manager.client, self.sets, self.pods)
        self._expectations = Expectations(self.sets)
        self._writer = ReplicaSetWriter(manager.client, self._events, self._expectations)

    async def reconcile(self, key: str) -> Result | None:
        """Make the next step of the rollout, and report."""
        deployment = self.deployments.get(key)
        if deployment is None:
            self._expectations.forget(key)
            return None
        if selector_of(deployment) == EVERYTHING:
            text = "This deployment is selecting all pods. A non-empty selector is required."
            await self._events.event(deployment, "Warning", "SelectingAll", text)
            return None
        family = Family(deployment, await self.adopter.claim(deployment))
        if not self._expectations.met(key):
            return Result(PATIENCE)
        found = None if is_deleting(deployment) else await self._step(family)
        return await self._report(family, found)

    async def _step(self, family: Family) -> Found:
        spec = family.deployment["spec"]
        if spec.get("paused") or is_scaling(family):
            return await self._scale(family)
        if (spec.get("strategy") or {}).get("type") == "Recreate":
            return await self._recreate(family)
        return await self._roll(family)

    async def _scale(self, family: Family) -> Found:
        found = await self._keep_newest(family)
        present = (family.deployment.get("status") or {}).get("replicas", 0)
        new, old = family.new, [member(one) for one in family.old]
        sizes = rollout.scaled(family.limit, member(new) if new else None, old, present)
        # Sets that keep their size must remember the new number too, or this is scaling for ever.
        active = {one["metadata"]["name"]: size_of(one) for one in family.sets if size_of(one) > 0}
        await self._writer.resize(family, active | sizes)
        if family.deployment["spec"].get("paused"):
            await self._writer.clean(family)
        return found

    async def _roll(self, family: Family) -> Found:
        others = sum(size_of(one) for one in family.old)
        found = await self._newest(family, rollout.new_size(family.limit, 0, others))
        new = family.new
        assert new is not None
        sizes = rollout.rolling(family.limit, member(new), [member(one) for one in family.old])
        if sizes:
            await self._writer.resize(family, sizes)
        elif is_complete(family):
            await self._writer.clean(family)
        return found

    async def _recreate(self, family: Family) -> Found:
        active = {one["metadata"]["name"]: 0 for one in family.old if size_of(one) > 0}
        if active:
            found = await self._keep_newest(family)
            await self._writer.resize(family, active)
            return found
        if any(self._has_pods(one) for one in family.old):
            return await self._keep_newest(family)
        found = await self._newest(family, family.limit.replicas)
        new = family.new
        if new is not None and size_of(new) != family.limit.replicas:
            await self._writer.resize(family, {new["metadata"]["name"]: family.limit.replicas})
        elif is_complete(family):
            await self._writer.clean(family)
        return found

    def _has_pods(self, replica_set: Object) -> bool:
        pods = self._pods_of.held_by(replica_set["metadata"]["uid"])
        return any(not is_finished(pod) for pod in pods)

    async def _newest(self, family: Family, size: int) -> Found:
        """There is a ReplicaSet for the present template; a new one gets this size."""
        if family.new is not None:
            return await self._keep_newest(family)
        wanted = new_replica_set(family, size)
        made = await self._writer.create(family, wanted)
        family.put(made)
        name = made["metadata"]["name"]
        _log.info("deployment %s: new replica set %s", key_of(family.deployment), name)
        if size > 0:
            await self._writer.tell_scaled(family.deployment, name, 0, size)
        await self._writer.mark_revision(family)
        return "NewReplicaSetCreated", f'Created new replica set "{name}"'

    async def _keep_newest(self, family: Family) -> Found:
        """The newest ReplicaSet, if there is one, carries what the Deployment says and the top revision."""
        new = family.new
        if new is None:
            return None
        wanted = newest_again(family, new)
        if wanted != new:
            await self._writer.write(family, wanted)
        await self._writer.mark_revision(family)
        conditions = (family.deployment.get("status") or {}).get("conditions") or ()
        if any(c["type"] == "Progressing" for c in conditions):
            return None
        return "FoundNewReplicaSet", f'Found new replica set "{new["metadata"]["name"]}"'

    async def _report(self, family: Family, found: Found) -> Result | None:
        now = dt.datetime.now(dt.UTC)
        status = deployment_status(family, now, found=found)
        if status != family.deployment.get("status"):
            changed = family.deployment | {"status": status}
            await self._client.update(DEPLOYMENTS, changed, subresource="status")
        return Result(time_to_deadline(family, status, now))

    def of_pod(self, pod: Object) -> Iterable[str]:
        """The Deployment that waits for the pod to go, since its strategy is Recreate."""
        reference = controller_of(pod)
        if reference is None or reference["kind"] != REPLICA_SETS.kind:
            return
        replica_set = self.sets.get(f"{pod['metadata']['namespace']}/{reference['name']}")
        for key in self.adopter.owner_keys(replica_set) if replica_set else ():
            deployment = self.deployments.get(key)
            if deployment and (deployment["spec"].get("strategy") or {}).get("type") == "Recreate":
                yield key


def setup(manager: Manager, config: ControllersConfig) -> None:  # noqa: ARG001 - the form of all
    """Run with the manager."""
    reconciler = Deployments(manager)
    sources = [
        Source(reconciler.deployments),
        Source(reconciler.sets, reconciler.adopter.owner_keys),
        Source(reconciler.pods, reconciler.of_pod),
    ]
    manager.add(Controller("deployment", reconciler, sources=sources, workers=4))
