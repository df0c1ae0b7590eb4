"""Gives pods of the node what they ask for when there is room, those first that have to wait least."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from proa.cluster.kubelet.node_status import admission_refusal
from proa.cluster.kubelet.resize.conditions import (
    DEFERRED,
    IN_PROGRESS,
    INFEASIBLE,
    PENDING,
    Mark,
    mark_in,
    summary,
)
from proa.cluster.kubelet.resize.given import Resources, is_same, resources_of, with_resources
from proa.cluster.kubelet.resize.store import AllocationStore
from proa.cluster.kubelet.resources import pod_requests, qos_class
from proa.kube import Object

_log = logging.getLogger(__name__)

Note = Callable[[Object, str, str, str], Awaitable[None]]
"""Records an Event: pod, type, reason, message."""


class Pods(Protocol):
    """The pods of the node as they ask to be, and a way to have one looked at."""

    def alive(self) -> Iterable[Object]: ...
    def wake(self, uid: str) -> None: ...


@dataclass
class PodSize:
    """What one pod has been given, and how far a change of that is."""

    given: Resources
    pending: Mark | None = None
    progress: Mark | None = None
    waiting: Object | None = None
    """The pod that asks for more than there is room for."""


class Resizer:
    """The sizes of all pods of the node. `room` is what pods may have: millicores of cpu, bytes of memory."""

    def __init__(self, store: AllocationStore, pods: Pods, room: Mapping[str, int], note: Note) -> None:
        self._store = store
        self._pods = pods
        self._room = room
        self._note = note
        self._sizes: dict[str, PodSize] = {}
        self._told: set[asyncio.Task[None]] = set()

    def admit(self, pod: Object, began_with: Resources) -> PodSize:
        """The pod's size; for one that is new here, what it asks for.

        `began_with` is what containers that run already were started with by an earlier kubelet.
        """
        uid = pod["metadata"]["uid"]
        if uid not in self._sizes:
            given = self._store.get(uid) or resources_of(pod) | dict(began_with)
            self._sizes[uid] = PodSize(given, mark_in(pod, PENDING), mark_in(pod, IN_PROGRESS))
        return self._sizes[uid]

    def given(self, pod: Object) -> Object:
        """The pod with what it was given; a pod that is not known here as it is."""
        size = self._sizes.get(pod["metadata"]["uid"])
        return with_resources(pod, size.given) if size else pod

    def consider(self, pod: Object) -> None:
        """Give the pod what it asks for, if that is not what it has and there is room."""
        size = self._sizes[pod["metadata"]["uid"]]
        if is_same(resources_of(pod), size.given):
            size.pending, size.waiting = None, None
            return
        refusal = resize_refusal(pod, self._others(pod), self._room)
        try:
            if refusal is None:
                self._give(pod, size)
        except OSError as fault:
            refusal = DEFERRED, f"Node cannot save what it gives: {fault}"
        if refusal is not None:
            self._postpone(pod, size, *refusal)

    def retry(self) -> None:
        """Room may have become free: look at those that wait, in the order of their claim to it."""
        if not any(size.waiting for size in self._sizes.values()):
            return
        for uid, size in sorted(self._sizes.items(), key=lambda item: _urgency(item[1])):
            if size.waiting is not None:
                before = size.pending
                self.consider(size.waiting)
                if size.pending != before:
                    self._pods.wake(uid)

    def forget(self, uid: str) -> None:
        """The pod is gone."""
        if self._sizes.pop(uid, None) is not None:
            try:
                self._store.forget(uid)
            except OSError as fault:
                _log.warning("what pod %s was given is not removed: %s", uid, fault)
            self.retry()

    def _others(self, pod: Object) -> list[Object]:
        uid = pod["metadata"]["uid"]
        return [self.given(other) for other in self._pods.alive() if other["metadata"]["uid"] != uid]

    def _give(self, pod: Object, size: PodSize) -> None:
        given, generation = resources_of(pod), pod["metadata"].get("generation", 0)
        self._store.put(pod["metadata"]["uid"], given)
        shrinks = not _is_growing(pod, size.given)
        size.given, size.pending, size.waiting = given, None, None
        size.progress = Mark(generation)
        self._tell(pod, "Normal", "ResizeStarted", f"Pod resize started: {summary(pod, generation)}")
        if shrinks:
            self.retry()

    def _postpone(self, pod: Object, size: PodSize, reason: str, message: str) -> None:
        mark = Mark(pod["metadata"].get("generation", 0), reason, message)
        known = size.pending and (size.pending.reason, size.pending.generation)
        size.pending, size.waiting = mark, pod if reason == DEFERRED else None
        if known != (mark.reason, mark.generation):
            about = summary(pod, mark.generation, message)
            self._tell(pod, "Warning", f"Resize{reason}", f"Pod resize {reason}: {about}")

    def _tell(self, pod: Object, kind: str, reason: str, message: str) -> None:
        async def tell() -> None:
            await self._note(pod, kind, reason, message)

        self._told.add(task := asyncio.create_task(tell()))
        task.add_done_callback(self._told.discard)


def resize_refusal(pod: Object, others: Iterable[Object], room: Mapping[str, int]) -> tuple[str, str] | None:
    """(Infeasible or Deferred, message) when the pod cannot have what it asks for, ever or now."""
    wanted = pod_requests(pod)
    for name in ("cpu", "memory"):
        if wanted[name] > room[name]:
            what = f"requested: {wanted[name]}, capacity: {room[name]}"
            return INFEASIBLE, f"Node didn't have enough capacity: {name}, {what}"
    refusal = admission_refusal(wanted, [pod_requests(other) for other in others], room)
    return (DEFERRED, refusal[1]) if refusal else None


def _is_growing(pod: Object, given: Resources) -> bool:
    before, after = pod_requests(with_resources(pod, given)), pod_requests(pod)
    return any(after[name] > before[name] for name in after)


def _urgency(size: PodSize) -> tuple[bool, int, bool]:
    """First those that give something back, then by priority, then the guaranteed, then the oldest."""
    pod = size.waiting
    if pod is None:
        return False, 0, False
    priority = int(pod["spec"].get("priority") or 0)
    return _is_growing(pod, size.given), -priority, qos_class(pod) != "Guaranteed"
