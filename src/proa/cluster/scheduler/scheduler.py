"""The scheduler: informers feed the picture of the cluster, a loop takes pods from the queue.

Deciding is synchronous and one at a time, so each decision sees the ones before it; carrying
decisions out runs beside it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager

from proa.cluster.scheduler.binding import Binder
from proa.cluster.scheduler.caches import Caches
from proa.cluster.scheduler.cluster import Cluster
from proa.cluster.scheduler.decision import Decision, decide
from proa.cluster.scheduler.errors import BindingError
from proa.cluster.scheduler.eviction import Evictor, is_leaving
from proa.cluster.scheduler.filters import Change
from proa.cluster.scheduler.pod import PodInfo, is_finished, pod_info, wants_scheduling
from proa.cluster.scheduler.preemption import Preemption, preempt
from proa.cluster.scheduler.queue import SchedulingQueue
from proa.cluster.scheduler.resources import resizing
from proa.cluster.scheduler.volume_plan import VolumePlan
from proa.errors import NotFound, ProaError
from proa.kube import (
    PODS,
    EventRecorder,
    Manager,
    Object,
    PatchType,
    find_condition,
    is_deleting,
    labels_of,
    with_condition,
)

_log = logging.getLogger(__name__)
_WAITS = "preemption: not eligible due to a terminating pod on the nominated node."


class Scheduler:
    """Gives pods of `default-scheduler` a node."""

    def __init__(self, manager: Manager) -> None:
        self._client = manager.client
        self._caches = Caches(manager)
        self._cluster = Cluster(self._caches)
        self._binder = Binder(manager.client, self._caches, self._cluster)
        self._queue = SchedulingQueue()
        self._under_way: set[str] = set()
        self._events = EventRecorder(manager.client, "default-scheduler")
        self._evictor = Evictor(manager.client, self._events)
        self._nominated: dict[str, tuple[PodInfo, str]] = {}
        """Pods for which others make room, and where."""

    async def run(self) -> None:
        """Schedule until cancelled."""
        self._listen()
        for informer in self._caches.all:
            await informer.wait_synced()
        async with asyncio.TaskGroup() as group:
            while True:
                self._schedule(await self._queue.pop(), group)
                await asyncio.sleep(0)

    def _schedule(self, pod: PodInfo, group: asyncio.TaskGroup) -> None:
        if pod.uid in self._under_way or self._cluster.is_placed(pod.uid):
            return
        with self._reserved(pod):
            decision = decide(pod, self._cluster)
            preemption = Preemption() if decision.node else self._preemption(pod, decision)
        if not decision.node:
            self._queue.refuse(pod, decision.changes)
            group.create_task(self._refused(pod, decision, preemption))
            return
        self._nominated.pop(pod.uid, None)
        try:
            todo = self._binder.assume(pod, decision.node)
        except BindingError as fault:
            group.create_task(self._failed(pod, str(fault)))
            return
        self._under_way.add(pod.uid)
        group.create_task(self._bind(pod, decision.node, todo))

    def _preemption(self, pod: PodInfo, decision: Decision) -> Preemption:
        """What makes room for the pod; it has no other place meanwhile than the one that it is given."""
        _, node_name = self._nominated.get(pod.uid, (pod, ""))
        if node_name and self._is_waiting(pod, node_name, decision):
            return Preemption(node_name, message=_WAITS)
        found = preempt(pod, self._cluster, self._caches.budgets.list(), decision)
        self._nominated.pop(pod.uid, None)
        if found.node:
            self._nominated[pod.uid] = (pod, found.node)
        return found

    def _is_waiting(self, pod: PodInfo, node_name: str, decision: Decision) -> bool:
        """Whether pods of lower priority are leaving that node, which then can take the pod."""
        refusal = decision.refusals.get(node_name)
        if refusal is None or not refusal.curable:
            return False
        return any(
            is_leaving(current)
            for other in self._cluster.node(node_name).pods.values()
            if other.priority < pod.priority and (current := self._caches.pods.get(other.key))
        )

    async def _refused(self, pod: PodInfo, decision: Decision, preemption: Preemption) -> None:
        """Tell the pod why it waits and for which node, and make room there."""
        message = f"{decision.message} {preemption.message}" if preemption.message else decision.message
        await self._report(pod, message)
        await self._evictor.carry_out(pod, preemption)

    @contextmanager
    def _reserved(self, pod: PodInfo) -> Iterator[None]:
        """Keep the room that is being made for pods that matter no less."""
        waiting = [
            (other, node)
            for other, node in self._nominated.values()
            if other.uid != pod.uid and other.priority >= pod.priority
        ]
        for other, node in waiting:
            self._cluster.place(other, node)
        try:
            yield
        finally:
            for other, _ in waiting:
                self._cluster.remove(other.uid)

    async def _bind(self, pod: PodInfo, node_name: str, todo: VolumePlan) -> None:
        try:
            await self._binder.bind(pod, node_name, todo)
        except Exception as fault:  # noqa: BLE001 - whatever it was, the others go on and this one is tried again
            self._under_way.discard(pod.uid)
            self._binder.forget(pod)
            self._changed(Change.POD_GONE)
            await self._failed(pod, _said(fault))
            return
        self._under_way.discard(pod.uid)
        message = f"Successfully assigned {pod.key} to {node_name}"
        await self._events.event(pod.object, "Normal", "Scheduled", message)

    async def _failed(self, pod: PodInfo, message: str) -> None:
        """Something between decision and binding went wrong: say so and try again after the back-off."""
        delay = self._queue.retry(pod)
        _log.warning("scheduler: %s: %s; again in %.3g s", pod.key, message, delay)
        await self._report(pod, message, "SchedulerError")

    async def _report(self, pod: PodInfo, message: str, reason: str = "Unschedulable") -> None:
        """Event and condition for a person to read; the condition is written only when it changes."""
        current = self._caches.pods.get(pod.key)
        if current is None or current["metadata"]["uid"] != pod.uid or not wants_scheduling(current):
            return
        await self._events.event(current, "Warning", "FailedScheduling", message)
        said = find_condition(current, "PodScheduled") or {}
        if (said.get("status"), said.get("reason"), said.get("message")) == ("False", reason, message):
            return
        conditions = (current.get("status") or {}).get("conditions") or []
        wanted = with_condition(conditions, "PodScheduled", False, reason, message)[-1]
        metadata = current["metadata"]
        patch = {"metadata": {"uid": pod.uid}, "status": {"conditions": [wanted]}}
        try:
            await self._client.patch(
                PODS, metadata["name"], patch, pod.namespace, kind=PatchType.STRATEGIC, subresource="status"
            )
        except NotFound:
            pass  # deleted meanwhile: nobody is left to read it
        except (ProaError, OSError) as fault:
            _log.warning("scheduler: %s: condition not written: %s", pod.key, fault)

    def _listen(self) -> None:
        caches = self._caches
        caches.namespaces.on_change(self._namespace_changed)
        caches.nodes.on_change(self._node_changed)
        for informer in (caches.claims, caches.persistent_volumes, caches.classes):
            informer.on_change(lambda old, new: self._changed(Change.STORAGE))  # noqa: ARG005
        caches.pods.on_change(self._pod_changed)

    def _changed(self, change: Change) -> None:
        self._queue.changed(change)

    def _namespace_changed(self, old: Object | None, new: Object | None) -> None:
        if new is not None:
            self._cluster.namespaces[new["metadata"]["name"]] = labels_of(new)
        elif old is not None:
            self._cluster.namespaces.pop(old["metadata"]["name"], None)
        self._changed(Change.NAMESPACE)

    def _node_changed(self, old: Object | None, new: Object | None) -> None:
        name = (new or old or {})["metadata"]["name"]
        if self._cluster.set_node(name, new):
            self._changed(Change.NODE)

    def _pod_changed(self, old: Object | None, new: Object | None) -> None:
        if old is not None and (new is None or old["metadata"]["uid"] != new["metadata"]["uid"]):
            self._pod_gone(old["metadata"]["uid"])
        if new is None:
            return
        if is_finished(new):
            self._pod_gone(new["metadata"]["uid"])
        elif new["spec"].get("nodeName"):
            self._nominated.pop(new["metadata"]["uid"], None)
            self._pod_placed(new)
        elif not wants_scheduling(new):
            self._queue.remove(new["metadata"]["uid"])
        elif old is None or not _same_wishes(old, new):
            self._wants(pod_info(new))

    def _wants(self, pod: PodInfo) -> None:
        node_name = (pod.object.get("status") or {}).get("nominatedNodeName")
        if node_name:
            self._nominated[pod.uid] = (pod, node_name)
        self._queue.add(pod)

    def _pod_placed(self, pod: Object) -> None:
        uid, node_name = pod["metadata"]["uid"], pod["spec"]["nodeName"]
        self._queue.remove(uid)
        if self._cluster.is_placed(uid):
            node = self._cluster.node_of(uid)
            if node.name == node_name and _same_wishes(node.pods[uid].object, pod):
                return
        self._cluster.place(pod_info(pod), node_name)
        self._changed(Change.POD_PLACED)

    def _pod_gone(self, uid: str) -> None:
        self._queue.remove(uid)
        self._nominated.pop(uid, None)
        if self._cluster.remove(uid):
            self._changed(Change.POD_GONE)


def _same_wishes(old: Object, new: Object) -> bool:
    """Whether nothing that the scheduler reads has changed: a status update is no reason to decide anew."""
    return bool(
        old["metadata"]["uid"] == new["metadata"]["uid"]
        and labels_of(old) == labels_of(new)
        and is_deleting(old) == is_deleting(new)
        and _but_node(old["spec"]) == _but_node(new["spec"])
        and resizing(old) == resizing(new)
    )


def _but_node(spec: Object) -> Object:
    return {key: value for key, value in spec.items() if key != "nodeName"}


def _said(fault: BaseException) -> str:
    """What to tell about an error; the first of a group."""
    while isinstance(fault, BaseExceptionGroup):
        fault = fault.exceptions[0]
    return str(fault) or type(fault).__name__
