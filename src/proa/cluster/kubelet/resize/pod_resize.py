"""One pod's resize, step by step: given, applied, told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from proa.cluster.kubelet.cri import ContainerStatus
from proa.cluster.kubelet.host import Host
from proa.cluster.kubelet.observation import PodObservation
from proa.cluster.kubelet.operations import Operations
from proa.cluster.kubelet.resize.actuation import Actuator, ResizeError
from proa.cluster.kubelet.resize.conditions import ERROR, IN_PROGRESS, PENDING, Mark, summary
from proa.cluster.kubelet.resize.given import started_with, with_resources
from proa.cluster.kubelet.resize.resizer import PodSize
from proa.kube import Object

_OPERATION = "resize"


class PodResize:
    """What the worker of a pod needs to know of its size."""

    def __init__(self, host: Host, operations: Operations) -> None:
        self._host = host
        self._operations = operations
        self._actuator = Actuator()
        self._size: PodSize
        self._is_known = False

    def given(self, pod: Object, seen: PodObservation) -> Object:
        """The pod with what it has been given; `pod` asks for what its owner wants."""
        if not self._is_known:
            noted = {c.name: started_with(c) for c in seen.running}
            self._size = self._host.sizes.admit(pod, {name: r for name, r in noted.items() if r is not None})
            self._actuator.remember(pod)
            self._is_known = True
        return with_resources(pod, self._size.given)

    def advance(self, pod: Object, seen: PodObservation) -> tuple[Object, dict[str, str]]:
        """Bring a resize forward; the pod with what it has now, and which containers must restart and why."""
        before = self._size.given
        self._host.sizes.consider(pod)
        if self._size.given is not before:
            self._operations.retry_now(_OPERATION)
        given = self._host.sizes.given(pod)
        changes = self._actuator.changes(given, seen)
        restarting = [change for change in changes if change.restarts]
        if restarting:
            self._actuator.make_room(self._host, given, seen)
        busy = self._operations.is_any_running("start/") or self._operations.is_any_running("kill/")
        if len(changes) > len(restarting) or (self._size.progress and not changes and not busy):
            self._operations.begin(_OPERATION, partial(self._apply, given, seen, last=not restarting))
        reasons = {
            c.container.id: f"Container {c.container.name} resize requires restart" for c in restarting
        }
        return given, reasons

    def marks(self) -> Mapping[str, Mark | None]:
        """The conditions that the pod's status shows of it."""
        return {PENDING: self._size.pending, IN_PROGRESS: self._size.progress}

    def actual(self, container: ContainerStatus) -> Object | None:
        """The resources that a running container has now; None when they are not known."""
        return self._actuator.actual(container)

    async def _apply(self, pod: Object, seen: PodObservation, *, last: bool) -> None:
        try:
            await self._actuator.apply(self._host, pod, seen)
        except ResizeError as fault:
            await self._fail(pod, str(fault))
            raise
        progress, self._size.progress = self._size.progress, None if last else self._size.progress
        if last and progress:
            message = f"Pod resize completed: {summary(pod, progress.generation)}"
            await self._host.note(pod, "Normal", "ResizeCompleted", message)

    async def _fail(self, pod: Object, message: str) -> None:
        before = self._size.progress or Mark(pod["metadata"].get("generation", 0))
        self._size.progress = replace(before, reason=ERROR, message=message)
        if self._size.progress != before:
            about = summary(pod, before.generation, message)
            await self._host.note(pod, "Warning", "ResizeError", f"Pod resize error: {about}")
