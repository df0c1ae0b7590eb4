"""DaemonSet: one pod on every node that fits."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import Iterable, Sequence

from proa.cluster.controllers import daemon_plan
from proa.cluster.controllers.adoption import Adopter, selector_of
from proa.cluster.controllers.config import ControllersConfig
from proa.cluster.controllers.daemon_placement import Slot, daemon_pod, slots, target_node
from proa.cluster.controllers.daemon_plan import Plan, View
from proa.cluster.controllers.expectations import PATIENCE, Expectations
from proa.cluster.controllers.pod_control import PodControl, first_fault, slow_start
from proa.cluster.controllers.pod_health import next_available
from proa.cluster.controllers.revisions import HASH_LABEL, Revisions
from proa.cluster.controllers.workload_kinds import DAEMON_SETS
from proa.kube import (
    NODES,
    PODS,
    Controller,
    EventRecorder,
    Manager,
    Object,
    Result,
    Source,
    is_deleting,
    key_of,
    labels_of,
)
from proa.kube.selectors import EVERYTHING

_log = logging.getLogger(__name__)

_BURST = 250
_FIRST_DELAY, _LONGEST_DELAY = 1.0, 900.0
"""Seconds between two removals of failed pods on one node."""


class DaemonSets:
    """Reconciles DaemonSets."""

    def __init__(self, manager: Manager) -> None:
        self._client = manager.client
        self._events = EventRecorder(manager.client, "daemonset-controller")
        self.sets, self.pods = manager.informer(DAEMON_SETS), manager.informer(PODS)
        self.nodes = manager.informer(NODES)
        self.adopter = Adopter(manager.client, self.sets, self.pods)
        self.revisions = Revisions(manager, self.sets)
        self._expectations = Expectations(self.pods)
        self._control = PodControl(manager.client, self._events, self._expectations)
        self._failures = FailureDelays()

    async def reconcile(self, key: str) -> Result | None:
        """Make and delete pods, and report."""
        owner = self.sets.get(key)
        if owner is None:
            self._expectations.forget(key)
            return None
        if selector_of(owner) == EVERYTHING:
            text = "This daemon set is selecting all pods. A non-empty selector is required."
            await self._events.event(owner, "Warning", "SelectingAll", text)
            return None
        if is_deleting(owner):
            return None
        return await self._sync(owner)

    async def _sync(self, owner: Object) -> Result:
        history = await self.revisions.history(owner)
        digest, now = labels_of(history.current)[HASH_LABEL], dt.datetime.now(dt.UTC)
        view = View(digest, owner["spec"].get("minReadySeconds", 0), now)
        pods = await self.adopter.claim(owner)
        places = slots(owner, self.nodes.list(), pods)
        wait: float | None = PATIENCE
        if self._expectations.met(key_of(owner)):
            wait = await self._carry_out(owner, self._plan(owner, places, pods, view), digest)
            used = {labels_of(pod).get(HASH_LABEL, "") for pod in pods}
            await self.revisions.clean(owner, history.old, used)
        await self._report(owner, daemon_plan.status(owner, places, view))
        times = (wait, next_available(pods, view.min_ready_seconds, now))
        return Result(min((time for time in times if time), default=None))

    def _plan(self, owner: Object, places: Sequence[Slot], pods: Sequence[Object], view: View) -> Plan:
        strategy = owner["spec"].get("updateStrategy") or {}
        limit = daemon_plan.limits(strategy, sum(slot.runs for slot in places))
        plan = daemon_plan.keep(places, view, surges=limit.surge > 0)
        plan.delete += [pod for pod in pods if self._is_stranded(pod)]
        if plan or strategy.get("type") == "OnDelete":
            return plan
        return daemon_plan.update(places, view, limit)

    def _is_stranded(self, pod: Object) -> bool:
        """Whether it waits for a node that is gone; bound pods of such are the pod garbage collector's."""
        unbound = not pod["spec"].get("nodeName") and not is_deleting(pod)
        return unbound and self.nodes.get(target_node(pod)) is None

    async def _carry_out(self, owner: Object, plan: Plan, digest: str) -> float | None:
        """Returns the seconds after which a failed pod that was left may go."""
        going, wait = [], None
        for pod in plan.delete[:_BURST]:
            left = await self._time_left(owner, pod)
            if left > 0:
                wait = min(left, wait or left)
            else:
                going.append(pod)
        create = plan.create[:_BURST]
        faults = [
            await slow_start(
                len(create),
                lambda number: self._control.create(owner, daemon_pod(owner, create[number], digest)),
            ),
            await first_fault([self._control.delete(owner, pod) for pod in going]),
        ]
        for fault in filter(None, faults):
            raise fault
        return wait

    async def _time_left(self, owner: Object, pod: Object) -> float:
        """Seconds that a pod which ended is left alone, so that no kubelet is fought with."""
        metadata, phase = pod["metadata"], (pod.get("status") or {}).get("phase")
        which = f"daemon pod {key_of(pod)} on node {target_node(pod)}"
        if phase == "Succeeded":
            text = f"Found succeeded {which}, will try to delete it"
            await self._events.event(owner, "Normal", "SucceededDaemonPod", text)
        if phase != "Failed":
            return 0.0
        left = self._failures.left((owner["metadata"]["uid"], target_node(pod)), metadata["uid"])
        if left == 0:
            text = f"Found failed {which}, will try to kill it"
            await self._events.event(owner, "Warning", "FailedDaemonPod", text)
        return left

    async def _report(self, owner: Object, status: Object) -> None:
        if conditions := (owner.get("status") or {}).get("conditions"):
            status["conditions"] = conditions
        if status != owner.get("status"):
            await self._client.update(DAEMON_SETS, owner | {"status": status}, subresource="status")

    def all_keys(self, node: Object) -> Iterable[str]:  # noqa: ARG002 - a node concerns all
        """A changed node may get or lose a pod of any DaemonSet."""
        return [key_of(owner) for owner in self.sets.list()]


class FailureDelays:
    """How long until the next failed pod of a DaemonSet on a node may be removed: doubling."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], tuple[str, float, float]] = {}

    def left(self, place: tuple[str, str], pod_uid: str) -> float:
        """Seconds; 0 starts the next, longer time."""
        now = asyncio.get_running_loop().time()
        last, due, delay = self._known.get(place, ("", 0.0, _FIRST_DELAY / 2))
        if last == pod_uid:
            return 0.0
        if now < due:
            return due - now
        if now - due > 2 * _LONGEST_DELAY:
            delay = _FIRST_DELAY / 2
        delay = min(delay * 2, _LONGEST_DELAY)
        self._known[place] = (pod_uid, now + delay, delay)
        return 0.0


def setup(manager: Manager, config: ControllersConfig) -> None:  # noqa: ARG001 - the form of all
    """Run with the manager."""
    reconciler = DaemonSets(manager)
    sources = [
        Source(reconciler.sets),
        Source(reconciler.pods, reconciler.adopter.owner_keys),
        Source(reconciler.revisions.informer, reconciler.revisions.adopter.owner_keys),
        Source(reconciler.nodes, reconciler.all_keys),
    ]
    manager.add(Controller("daemonset", reconciler, sources=sources, workers=2))
