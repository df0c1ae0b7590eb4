"""StatefulSet: pods with a number, a name and claims of their own, that come and go in order."""

from __future__ import annotations

import datetime as dt
import logging
from contextlib import suppress

from proa.cluster.controllers import stateful_plan
from proa.cluster.controllers.adoption import Adopter
from proa.cluster.controllers.config import ControllersConfig
from proa.cluster.controllers.expectations import PATIENCE, Expectations
from proa.cluster.controllers.pod_health import next_available
from proa.cluster.controllers.revisions import History, Revisions
from proa.cluster.controllers.stateful_claims import StatefulClaims
from proa.cluster.controllers.stateful_plan import Members, Step, View
from proa.cluster.controllers.stateful_pods import missing_identity, ordinal_of, revision_of, stateful_pod
from proa.cluster.controllers.workload_kinds import STATEFUL_SETS
from proa.errors import ApiError, NotFound
from proa.kube import (
    PODS,
    Controller,
    EventRecorder,
    Manager,
    Object,
    Result,
    Source,
    is_deleting,
    key_of,
)

_log = logging.getLogger(__name__)

_CLAIM_WAIT = 1.0
"""Seconds until another look when a claim is still being deleted."""


class StatefulSets:
    """Reconciles StatefulSets."""

    def __init__(self, manager: Manager) -> None:
        self._client = manager.client
        self._events = EventRecorder(manager.client, "statefulset-controller")
        self.sets, self.pods = manager.informer(STATEFUL_SETS), manager.informer(PODS)
        self.adopter = Adopter(manager.client, self.sets, self.pods)
        self.revisions = Revisions(manager, self.sets)
        self._claims = StatefulClaims(manager, self._events)
        self._expectations = Expectations(self.pods)

    async def reconcile(self, key: str) -> Result | None:
        """Make the next step, and report."""
        owner = self.sets.get(key)
        if owner is None:
            self._expectations.forget(key)
            return None
        if is_deleting(owner):
            return None  # what it would make now would keep it from going
        held = await self.adopter.claim(owner)
        if not self._expectations.met(key):
            return Result(PATIENCE)
        history = await self.revisions.history(owner)
        pods = [pod for pod in held if ordinal_of(owner, pod) is not None]
        return await self._sync(owner, pods, history)

    async def _sync(self, owner: Object, pods: list[Object], history: History) -> Result:
        now = dt.datetime.now(dt.UTC)
        view = View(owner["spec"].get("minReadySeconds", 0), now)
        present = _present(owner, history)
        those, newest = stateful_plan.members(owner, pods), history.current["metadata"]["name"]
        await self._settle_claims(owner, those)
        for pod in filter(None, those.replicas.values()):
            await self._settle_identity(owner, pod)
        step = stateful_plan.step(owner, those, view, newest)
        waits = await self._carry_out(owner, step, present, history.current)
        status = stateful_plan.status(owner, pods, view, present["metadata"]["name"], newest)
        if status != owner.get("status"):
            await self._client.update(STATEFUL_SETS, owner | {"status": status}, subresource="status")
        used = {status["currentRevision"], newest, *map(revision_of, pods)}
        await self.revisions.clean(owner, history.old, used)
        return Result(_CLAIM_WAIT if waits else next_available(pods, view.min_ready_seconds, now))

    async def _settle_identity(self, owner: Object, pod: Object) -> None:
        labels, metadata = missing_identity(owner, pod), pod["metadata"]
        if not labels or is_deleting(pod):
            return
        patch = {"metadata": {"labels": labels, "uid": metadata["uid"]}}
        what = f"Update Pod {metadata['name']} in StatefulSet {owner['metadata']['name']}"
        try:
            await self._client.patch(PODS, metadata["name"], patch, metadata["namespace"])
        except ApiError as fault:
            await self._events.event(owner, "Warning", "FailedUpdate", f"{what} failed error: {fault}")
            raise
        await self._events.event(owner, "Normal", "SuccessfulUpdate", f"{what} successful")

    async def _settle_claims(self, owner: Object, those: Members) -> None:
        for pod in filter(None, those.replicas.values()):
            if (pod.get("status") or {}).get("phase") == "Pending":
                await self._claims.ensure(owner, pod)
            if await self._claims.settle_owners(owner, pod, condemned=False):
                what = f"Update Pod {pod['metadata']['name']} in StatefulSet {owner['metadata']['name']}"
                await self._events.event(owner, "Normal", "SuccessfulUpdate", f"{what} successful")
        for pod in those.condemned:
            await self._claims.settle_owners(owner, pod, condemned=True)

    async def _carry_out(self, owner: Object, step: Step, present: Object, newest: Object) -> bool:
        """Returns whether a pod has to wait for claims of an earlier one to go."""
        waits = False
        for ordinal in step.create:
            revision = present if stateful_plan.needs_old_revision(owner, ordinal) else newest
            pod = stateful_pod(owner, ordinal, revision)
            if await self._claims.ensure(owner, pod):
                await self._create(owner, pod)
            else:
                waits = True
        for pod in step.delete:
            await self._delete(owner, pod)
        return waits

    async def _create(self, owner: Object, pod: Object) -> None:
        name = pod["metadata"]["name"]
        what = f"Create Pod {name} in StatefulSet {owner['metadata']['name']}"
        try:
            made = await self._client.create(PODS, pod, pod["metadata"]["namespace"])
        except ApiError as fault:
            await self._events.event(owner, "Warning", "FailedCreate", f"{what} failed error: {fault}")
            raise
        self._expectations.written(key_of(owner), made)
        _log.info("stateful set %s: pod %s", key_of(owner), name)
        await self._events.event(owner, "Normal", "SuccessfulCreate", f"{what} successful")

    async def _delete(self, owner: Object, pod: Object) -> None:
        metadata = pod["metadata"]
        what = f"Delete Pod {metadata['name']} in StatefulSet {owner['metadata']['name']}"
        try:
            with suppress(NotFound):
                await self._client.delete(PODS, metadata["name"], metadata["namespace"], uid=metadata["uid"])
        except ApiError as fault:
            await self._events.event(owner, "Warning", "FailedDelete", f"{what} failed error: {fault}")
            raise
        self._expectations.removed(key_of(owner), pod)
        await self._events.event(owner, "Normal", "SuccessfulDelete", f"{what} successful")


def _present(owner: Object, history: History) -> Object:
    """The revision that the set had before the update under way; that of the template when there is none."""
    name = (owner.get("status") or {}).get("currentRevision")
    found = (one for one in history.old if one["metadata"]["name"] == name)
    return next(found, history.current)


def setup(manager: Manager, config: ControllersConfig) -> None:  # noqa: ARG001 - the form of all
    """Run with the manager."""
    reconciler = StatefulSets(manager)
    sources = [
        Source(reconciler.sets),
        Source(reconciler.pods, reconciler.adopter.owner_keys),
        Source(reconciler.revisions.informer, reconciler.revisions.adopter.owner_keys),
    ]
    manager.add(Controller("statefulset", reconciler, sources=sources, workers=2))
