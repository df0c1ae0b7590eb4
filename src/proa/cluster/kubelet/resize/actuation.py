"""Applies to running containers what their pod has been given."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from proa.cluster.kubelet.container_config import linux_resources
from proa.cluster.kubelet.cri import ContainerStatus, CriError
from proa.cluster.kubelet.host import Host
from proa.cluster.kubelet.observation import PodObservation
from proa.cluster.kubelet.pods import container_statuses, find_container
from proa.cluster.kubelet.resize.given import (
    Resources,
    differing,
    resources_of,
    restarts,
    started_with,
    with_resources,
)
from proa.cluster.kubelet.resources import Limits, container_limits, oom_score_adjust, pod_limits
from proa.cluster.kubelet.sandbox_config import pod_cgroup
from proa.cluster.kubelet.stats.cgroup import CgroupReader
from proa.errors import ProaError
from proa.kube import Object


class ResizeError(ProaError):
    """The node cannot apply what it gave; the message says why."""


@dataclass(frozen=True, slots=True)
class Change:
    """A running container and the resources that it has and is to have."""

    container: ContainerStatus
    spec: Object
    old: Object

    @property
    def restarts(self) -> bool:
        """Whether the container takes it only by a restart."""
        return restarts(self.spec, differing(self.old, self.spec.get("resources") or {}))


class Actuator:
    """What the containers of one pod really have."""

    def __init__(self) -> None:
        self._actual: dict[str, Object | None] = {}

    def remember(self, pod: Object) -> None:
        """Take over what an earlier kubelet reported: it may have resized containers since their start."""
        for status in container_statuses(pod):
            if "running" in status["state"] and status.get("resources"):
                runtime_id = str(status.get("containerID", "")).rpartition("/")[2]
                self._actual[runtime_id] = status["resources"]

    def actual(self, container: ContainerStatus) -> Object | None:
        """The resources that a container has now; None when nobody noted them."""
        if container.id not in self._actual:
            self._actual[container.id] = started_with(container)
        return self._actual[container.id]

    def changes(self, pod: Object, seen: PodObservation) -> list[Change]:
        """What of the pod, which asks for what it was given, is not yet applied."""
        return list(self._changes(pod, seen))

    def _changes(self, pod: Object, seen: PodObservation) -> Iterator[Change]:
        for container in seen.running:
            spec, old = find_container(pod, container.name), self.actual(container)
            if spec is not None and old is not None and differing(old, spec.get("resources") or {}):
                yield Change(container, spec, old)

    async def apply(self, host: Host, pod: Object, seen: PodObservation) -> None:
        """Resize in place. Raises ResizeError; what was done until then stays done."""
        changes = [change for change in self._changes(pod, seen) if not change.restarts]
        before, after, cgroup = self._limits_now(pod, seen), pod_limits(pod), pod_cgroup(pod, host.config)
        check_memory(host, cgroup, before, after, changes)
        try:
            host.cgroups.limit(cgroup, _larger(before, after))
            for change in changes:
                adjust = oom_score_adjust(pod, change.spec, host.memory)
                values = linux_resources(container_limits(change.spec), adjust)
                await host.runtime.update_container_resources(change.container.id, values)
                self._actual[change.container.id] = change.spec.get("resources") or {}
            host.cgroups.limit(cgroup, after)
        except (CriError, OSError) as fault:
            raise ResizeError(str(fault)) from fault

    def make_room(self, host: Host, pod: Object, seen: PodObservation) -> None:
        """Let the pod's cgroup hold its containers as they are and as they will be. Raises OSError."""
        limits = _larger(self._limits_now(pod, seen), pod_limits(pod))
        host.cgroups.limit(pod_cgroup(pod, host.config), limits)

    def _limits_now(self, pod: Object, seen: PodObservation) -> Limits:
        has = {container.name: self.actual(container) for container in seen.running}
        present: Resources = resources_of(pod) | {name: found for name, found in has.items() if found}
        return pod_limits(with_resources(pod, present))


def check_memory(host: Host, cgroup: str, before: Limits, after: Limits, changes: list[Change]) -> None:
    """Refuse limits below what is used already, before anything is touched. Raises ResizeError."""
    reader, problems = CgroupReader(host.config.cgroup_mount), []

    def used(path: str) -> int:
        usage = reader.read(path)
        return usage.memory.usage if usage else 0

    if after.memory and after.memory < (before.memory or after.memory + 1) and used(cgroup) >= after.memory:
        what = f"pod memory limit ({after.memory}) below current usage ({used(cgroup)})"
        problems.append(f"attempting to set {what}")
    for change in changes:
        old, new = container_limits(change.spec | {"resources": change.old}), container_limits(change.spec)
        usage = used(f"{cgroup}/{change.container.id}")
        if new.memory and new.memory < (old.memory or new.memory + 1) and usage >= new.memory:
            name = change.container.name
            what = f'container "{name}" memory limit ({new.memory}) below current usage ({usage})'
            problems.append(f"attempting to set {what}")
    if problems:
        text = problems[0] if len(problems) == 1 else f"[{', '.join(problems)}]"
        raise ResizeError(f"cannot decrease memory limits: {text}")


def _larger(one: Limits, other: Limits) -> Limits:
    """Limits that hold neither back; None is the largest."""

    def most(a: int | None, b: int | None) -> int | None:
        return None if a is None or b is None else max(a, b)

    return Limits(
        max(one.cpu_shares, other.cpu_shares),
        most(one.cpu_quota, other.cpu_quota),
        most(one.memory, other.memory),
    )
