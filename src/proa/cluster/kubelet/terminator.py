"""Ends what a pod has, and leaves nothing of it behind."""

from __future__ import annotations

import asyncio
import logging
import shutil
import time
from collections.abc import Callable, Iterable
from contextlib import suppress

from proa.cluster.kubelet.cri import ContainerStatus, CriError
from proa.cluster.kubelet.host import Host
from proa.cluster.kubelet.observation import PodObservation
from proa.cluster.kubelet.pod_addresses import pod_addresses
from proa.cluster.kubelet.pods import find_container, init_containers, is_sidecar
from proa.cluster.kubelet.problems import HandlerError, HandlerStatusError
from proa.kube import Object

_log = logging.getLogger(__name__)

_SHORTEST_STOP = 2
"""Seconds that a container has after SIGTERM even when its preStop hook used up the grace period."""
_CGROUP_TRIES, _CGROUP_PAUSE = 50, 0.02


async def kill_container(
    host: Host, pod: Object | None, container: ContainerStatus, grace: int, reason: str = ""
) -> None:
    """Run preStop, SIGTERM, and SIGKILL after the grace period; returns when it ended. Raises CriError."""
    spec = find_container(pod, container.name) if pod else None
    if pod is not None and spec is not None:
        message = reason or f"Stopping container {container.name}"
        await host.note(pod, "Normal", "Killing", message, spec)
        grace = await _pre_stop(host, pod, spec, container, grace)
    await host.runtime.stop_container(container.id, grace)


async def _pre_stop(host: Host, pod: Object, spec: Object, container: ContainerStatus, grace: int) -> int:
    """Run the hook; returns what is left of the grace period."""
    hook = (spec.get("lifecycle") or {}).get("preStop")
    if not hook or grace <= 1:
        return grace
    started = time.monotonic()
    ips = pod_addresses(pod, await host.observer.observe(_uid(pod)), host.config.node_ips)
    try:
        with suppress(HandlerStatusError):
            await host.handlers.run(hook, spec, container.id, ips, grace)
    except HandlerError as fault:
        await host.note(pod, "Warning", "FailedPreStopHook", f"PreStopHook failed: {fault}", spec)
    return max(_SHORTEST_STOP, grace - round(time.monotonic() - started))


async def kill_pod(host: Host, pod: Object | None, seen: PodObservation, grace: int) -> None:
    """End all containers, sidecars after the others in reverse, then the sandboxes. Raises CriError."""
    sidecars = [c["name"] for c in init_containers(pod) if is_sidecar(c)] if pod else []
    deadline = time.monotonic() + grace
    mains = [c for c in seen.running if c.name not in sidecars]
    await _kill_all(host, pod, mains, lambda: grace)
    for name in reversed(sidecars):
        await _kill_all(
            host,
            pod,
            [c for c in seen.running if c.name == name],
            lambda: max(_SHORTEST_STOP, round(deadline - time.monotonic())),
        )
    await asyncio.gather(*(host.runtime.stop_pod_sandbox(s.id) for s in seen.sandboxes))


async def _kill_all(
    host: Host, pod: Object | None, containers: Iterable[ContainerStatus], grace: Callable[[], int]
) -> None:
    await asyncio.gather(*(kill_container(host, pod, container, grace()) for container in containers))


async def remove_pod(host: Host, uid: str, seen: PodObservation) -> None:
    """Delete sandboxes, containers, volumes, directories, logs and cgroups. Raises CriError, OSError."""
    await asyncio.gather(*(host.runtime.remove_container(c.id) for c in seen.containers))
    await asyncio.gather(*(host.runtime.remove_pod_sandbox(s.id) for s in seen.sandboxes))
    await host.volumes.tear_down(uid)
    await asyncio.to_thread(_remove_logs, host, uid)
    await remove_cgroups(host, uid)


async def remove_cgroups(host: Host, uid: str) -> None:
    """Remove the pod's cgroup of whichever QoS class, once the kernel lets go of it."""
    for quality in ("guaranteed", "burstable", "besteffort"):
        path = f"{host.config.cgroup_root}/{quality}/pod{uid}"
        for _ in range(_CGROUP_TRIES):
            if host.cgroups.remove(path):
                break
            await asyncio.sleep(_CGROUP_PAUSE)
        else:
            _log.warning("cgroup %s stays busy", path)


def _remove_logs(host: Host, uid: str) -> None:
    for directory in host.config.logs_dir.glob(f"*_{uid}"):
        shutil.rmtree(directory)


async def remove_old_attempts(host: Host, before: PodObservation, name: str) -> None:
    """After a new start, keep one earlier attempt, whose log is the previous one; `before` is older."""
    for old in before.history(name)[1:]:
        if old.exited:
            try:
                await host.runtime.remove_container(old.id)
            except CriError as fault:
                _log.warning("old container %s not removed: %s", old.id, fault)


def _uid(pod: Object) -> str:
    return str(pod["metadata"]["uid"])
