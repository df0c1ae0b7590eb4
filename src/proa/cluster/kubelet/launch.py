"""The start of a pod's parts, as operations: sandbox, volumes and images at the same time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from functools import partial

from proa.cluster.kubelet.cri import CriError
from proa.cluster.kubelet.host import Host
from proa.cluster.kubelet.observation import PodObservation
from proa.cluster.kubelet.operations import Operations, Postponed
from proa.cluster.kubelet.plan import Plan
from proa.cluster.kubelet.pods import PodName, find_container
from proa.cluster.kubelet.problems import ContainerProblem, VolumeProblem
from proa.cluster.kubelet.references import pod_references
from proa.cluster.kubelet.restarts import Restarts
from proa.cluster.kubelet.starter import find_image, make_sandbox, start_container
from proa.cluster.kubelet.terminator import remove_old_attempts
from proa.cluster.kubelet.volumes.manager import Volumes
from proa.kube import Object

_SANDBOX, _VOLUMES = "sandbox", "volumes"
PREPARATIONS = frozenset({_SANDBOX, _VOLUMES})
"""Operations that the starts of containers wait for."""
_SECOND_LOOK = 2.0
"""Seconds for which ErrImagePull shows before it becomes ImagePullBackOff."""


class Launch:
    """What has been prepared of one pod, and why the rest has not."""

    def __init__(self, host: Host, operations: Operations, name: PodName) -> None:
        self.seen = PodObservation()
        """The latest observation."""
        self.problems: dict[str, ContainerProblem] = {}
        """By container name, why it does not start."""
        self.begun = False
        self.restarts = Restarts(name)
        self._host = host
        self._operations = operations
        self._volumes: Volumes | None = None
        self._volumes_stale = False

    def refresh(self) -> None:
        """The pod or an object that it refers to has changed: what failed for that may work now."""
        self._volumes_stale = True
        self._operations.retry_now(_VOLUMES)
        for name, problem in self.problems.items():
            if problem.reason == "CreateContainerConfigError":
                self._operations.retry_now(f"start/{name}")

    def carry_out(self, pod: Object, plan: Plan, free: Sequence[str]) -> None:
        """Begin what the plan asks for; of its containers only those that are free to start."""
        self.begun = True
        self.problems = {name: p for name, p in self.problems.items() if name in plan.start}
        if plan.sandbox_attempt is not None:
            self._operations.begin(_SANDBOX, partial(self._make_sandbox, pod, plan.sandbox_attempt))
        if self._volumes is None or self._volumes_stale:
            self._operations.begin(_VOLUMES, partial(self._set_up_volumes, pod))
        if self._is_prepared_or_will_be():
            for name in free:
                self._operations.begin(f"start/{name}", partial(self._start, pod, name))

    async def _make_sandbox(self, pod: Object, attempt: int) -> None:
        try:
            await make_sandbox(self._host, pod, attempt)
        except (CriError, OSError) as fault:
            message = f"Failed to create pod sandbox: {fault}"
            await self._host.note(pod, "Warning", "FailedCreatePodSandBox", message)
            raise
        self.seen = await self._host.observer.observe(pod["metadata"]["uid"])

    async def _set_up_volumes(self, pod: Object) -> None:
        self._volumes_stale = False
        await self._host.objects.hold(pod["metadata"]["uid"], pod_references(pod))
        try:
            self._volumes = await self._host.volumes.set_up(pod, self.seen.ips)
        except VolumeProblem as fault:
            self._volumes_stale = True
            await self._host.note(pod, "Warning", "FailedMount", str(fault))
            raise

    async def _start(self, pod: Object, name: str) -> None:
        container = find_container(pod, name)
        if container is None:
            return
        try:
            image, volumes = await asyncio.gather(find_image(self._host, pod, container), self._prepared())
            self.restarts.count(self.seen.latest(name), time.time())
            await start_container(self._host, pod, container, image, volumes, self.seen)
        except ContainerProblem as problem:
            self._note(pod, container, problem)
            return
        self.problems.pop(name, None)
        await remove_old_attempts(self._host, self.seen, name)

    def _is_prepared_or_will_be(self) -> bool:
        sandbox = self.seen.ready_sandbox is not None or self._operations.is_running(_SANDBOX)
        return sandbox and (self._volumes is not None or self._operations.is_running(_VOLUMES))

    async def _prepared(self) -> Volumes:
        """Until sandbox and volumes are there. Raises Postponed when one of them failed."""
        await asyncio.gather(self._operations.wait(_SANDBOX), self._operations.wait(_VOLUMES))
        if self._volumes is None or self.seen.ready_sandbox is None:
            raise Postponed
        return self._volumes

    def _note(self, pod: Object, container: Object, problem: ContainerProblem) -> None:
        """Keep the problem for the status, and when to try again. Raises it for the usual back-off."""
        name = container["name"]
        self.problems[name] = problem
        if problem.reason == "ErrImagePull":
            self._operations.postpone(f"start/{name}", _SECOND_LOOK)
        elif problem.reason == "ImagePullBackOff":
            self._operations.postpone(f"start/{name}", self._host.images.retry_after(pod, container))
        else:
            raise problem
