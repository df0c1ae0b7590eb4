"""Decides what to do next for a pod that should run. Pure: values in, values out.

The rules are upstream's (pkg/kubelet/kuberuntime, computePodActions): no sandbox without need, init
containers one after the other, sidecars before the rest, and a container is started again only as
the restart policy says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from proa.cluster.kubelet.container_config import HASH
from proa.cluster.kubelet.cri import ContainerState, ContainerStatus
from proa.cluster.kubelet.observation import PodObservation
from proa.cluster.kubelet.pods import (
    all_containers,
    container_hash,
    ephemeral_containers,
    find_container,
    init_containers,
    is_sidecar,
    main_containers,
    restart_policy,
)
from proa.cluster.kubelet.resize.given import differing, restarts, started_with
from proa.cluster.kubelet.restart_policy import restarts_after
from proa.kube import Object

Started = Callable[[ContainerStatus], bool]
"""Whether a running container has passed its startup probe."""


@dataclass(frozen=True)
class Plan:
    """What a pod needs now. All parts may be done at once."""

    sandbox_attempt: int | None = None
    """Make a sandbox with this attempt number."""
    start: tuple[str, ...] = ()
    """Containers to start, once the sandbox is there."""
    kill: Mapping[str, str] = field(default_factory=dict)
    """Container id -> why, for the Event."""
    finished: bool = False
    """Nothing will ever run again: the pod has succeeded or failed."""


def make_plan(pod: Object, seen: PodObservation, unhealthy: Mapping[str, str], started: Started) -> Plan:
    """The next steps. `unhealthy` maps the id of a container whose probe failed to the reason to kill it."""
    if is_finished(pod, seen):
        return Plan(finished=True)
    if seen.ready_sandbox is None:
        attempt = seen.sandbox.attempt + 1 if seen.sandbox else 0
        kill = {c.id: "its sandbox is gone" for c in seen.running}
        return Plan(attempt, start=_starts(pod, replace(seen, sandboxes=()), started), kill=kill)
    kill = _kills(pod, seen, unhealthy)
    return Plan(start=_starts(pod, seen, started), kill=kill)


def is_finished(pod: Object, seen: PodObservation) -> bool:
    """Whether every container has ended for good."""
    if _failed_init(pod, seen):
        return not any(c.running for c in seen.containers)
    mains = [seen.latest(c["name"]) for c in main_containers(pod)]
    return all(c is not None and c.exited and not may_restart(pod, c) for c in mains)


def may_restart(pod: Object, ended: ContainerStatus) -> bool:
    """Whether the restart policy starts this ended container again."""
    spec = find_container(pod, ended.name)
    if spec is None:
        return False
    if restarts_after(pod, spec, ended.exit_code):
        return True
    return restart_policy(pod) == "OnFailure" and _ended_for_resize(pod, ended)


def _ended_for_resize(pod: Object, ended: ContainerStatus) -> bool:
    """Whether the container has to start once more with other resources, however it ended."""
    spec, before = find_container(pod, ended.name), started_with(ended)
    if spec is None or before is None:
        return False
    return restarts(spec, differing(before, spec.get("resources") or {}))


def _failed_init(pod: Object, seen: PodObservation) -> bool:
    """An init container that has failed and may not run again fails the pod."""
    ended = ((c, seen.latest(c["name"])) for c in init_containers(pod) if not is_sidecar(c))
    return any(
        now is not None and now.exited and now.exit_code != 0 and not restarts_after(pod, c, now.exit_code)
        for c, now in ended
    )


def has_started_main(pod: Object, seen: PodObservation) -> bool:
    """Whether a main container was started in the present sandbox: then initialization is over."""
    return any(seen.current(c["name"]) for c in main_containers(pod))


def _kills(pod: Object, seen: PodObservation, unhealthy: Mapping[str, str]) -> dict[str, str]:
    specs = {c["name"]: c for c in all_containers(pod)}
    kills = {}
    for container in seen.running:
        spec = specs.get(container.name)
        if spec is None:
            kills[container.id] = "it is not part of the pod"
        elif seen.current(container.name) != container:
            kills[container.id] = "a newer one took its place"
        elif container.annotations.get(HASH) != container_hash(spec):
            kills[container.id] = f"Container {container.name} definition changed, will be restarted"
        elif container.id in unhealthy:
            kills[container.id] = unhealthy[container.id]
    return kills


def _starts(pod: Object, seen: PodObservation, started: Started) -> tuple[str, ...]:
    names, initialized = _init_starts(pod, seen, started)
    if initialized:
        names += [c["name"] for c in main_containers(pod) if _should_start(pod, seen, c["name"])]
    return (*_ephemeral_starts(pod, seen), *names)


def _ephemeral_starts(pod: Object, seen: PodObservation) -> Iterator[str]:
    """Those that have never run: they are not started again, and wait for no init container."""
    for container in ephemeral_containers(pod):
        latest = seen.latest(container["name"])
        if latest is None or latest.state is ContainerState.CREATED:
            yield container["name"]


def _init_starts(pod: Object, seen: PodObservation, started: Started) -> tuple[list[str], bool]:
    """Init containers to start now, and whether the main containers may start."""
    starts: list[str] = []
    over = has_started_main(pod, seen)
    for spec in init_containers(pod):
        now = seen.current(spec["name"])
        if is_sidecar(spec):
            if now is None or not now.running:
                starts.append(spec["name"])
            if not over and not (now and now.running and started(now)):
                return starts, False
        elif not over and not (now and now.exited and now.exit_code == 0):
            if now is None or not now.running:
                starts.append(spec["name"])
            return starts, False
    return starts, True


def _should_start(pod: Object, seen: PodObservation, name: str) -> bool:
    now = seen.current(name)
    if now is not None:
        return now.state is ContainerState.CREATED or (now.exited and may_restart(pod, now))
    before = seen.latest(name)
    return before is None or not before.exited or may_restart(pod, before)
