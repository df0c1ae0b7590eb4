"""Starts what a pod needs: its sandbox, and one container at a time."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Coroutine, Mapping
from pathlib import Path
from typing import Any

from proa.cluster.kubelet.container_config import container_config
from proa.cluster.kubelet.cri import CriError, Image
from proa.cluster.kubelet.dns import host_network_hosts_file, hosts_file, pod_resolver
from proa.cluster.kubelet.environment import Surroundings, environment
from proa.cluster.kubelet.host import Host
from proa.cluster.kubelet.objects import Reference
from proa.cluster.kubelet.observation import PodObservation
from proa.cluster.kubelet.pod_addresses import pod_addresses
from proa.cluster.kubelet.pods import is_host_network, pod_name
from proa.cluster.kubelet.problems import ContainerProblem, HandlerError, HandlerStatusError, config_problem
from proa.cluster.kubelet.references import environment_references, pull_secret_references
from proa.cluster.kubelet.resources import oom_score_adjust, pod_limits
from proa.cluster.kubelet.sandbox_config import pod_cgroup, sandbox_config
from proa.cluster.kubelet.termination_messages import message_file
from proa.cluster.kubelet.volumes.manager import Volumes
from proa.cluster.kubelet.volumes.subpath import read_inside
from proa.kube import Object
from proa.kube.resources import RUNTIME_CLASSES

_log = logging.getLogger(__name__)

_HOOK_LIMIT = 3600.0
_START_LIMIT = 10.0


async def make_sandbox(host: Host, pod: Object, attempt: int) -> str:
    """Make the pod's cgroup and sandbox; returns the sandbox id. Raises CriError, OSError."""
    host.cgroups.ensure(pod_cgroup(pod, host.config), pod_limits(pod))
    config = _sandbox_config(host, pod, attempt)
    await asyncio.to_thread(Path(config["log_directory"]).mkdir, parents=True, exist_ok=True)
    handler = await _runtime_handler(host, pod)
    turn = contextlib.nullcontext() if is_host_network(pod) else host.turns.take()
    async with turn:  # the pods of the pod network itself never wait for it
        return await host.runtime.run_pod_sandbox(config, handler)


async def _runtime_handler(host: Host, pod: Object) -> str:
    """What the pod's RuntimeClass calls its runtime; empty for the default one. Raises CriError."""
    name = pod["spec"].get("runtimeClassName")
    if not name:
        return ""
    reference = Reference(RUNTIME_CLASSES, "", name)
    await host.objects.hold(pod["metadata"]["uid"], [reference])
    found = host.objects.get(reference)
    if found is None:
        raise CriError("NOT_FOUND", f'RuntimeClass "{name}" not found')
    return str(found["handler"])


async def find_image(host: Host, pod: Object, container: Object) -> Image:
    """The container's image, pulled with the pod's secrets if need be. Raises ContainerProblem."""
    references = pull_secret_references(pod)
    await host.objects.hold(pod["metadata"]["uid"], references)
    secrets = [found for found in map(host.objects.get, references) if found is not None]
    return await host.images.ensure(pod, container, secrets)


async def start_container(
    host: Host, pod: Object, container: Object, image: Image, volumes: Volumes, seen: PodObservation
) -> None:
    """Create and start the next attempt at a container in the pod's sandbox. Raises ContainerProblem."""
    try:
        config = await _configuration(host, pod, container, image, volumes, seen)
    except ContainerProblem as problem:
        await host.note(pod, "Warning", "Failed", f"Error: {problem}", container)
        raise
    async with host.turns.take(finishing=True):
        container_id = await _create(host, pod, container, config, seen)
        await _start(host, pod, container, container_id)
    await _post_start(host, pod, container, container_id, seen)


async def _configuration(
    host: Host, pod: Object, container: Object, image: Image, volumes: Volumes, seen: PodObservation
) -> dict[str, Any]:
    """What CreateContainer gets. Raises ContainerProblem."""
    latest = seen.latest(container["name"])
    attempt = latest.attempt + 1 if latest else 0
    variables = await _variables(host, pod, container, volumes, seen)
    mounts = await asyncio.to_thread(_mounts, host, pod, container, volumes, variables, seen, attempt)
    return container_config(
        pod,
        container,
        image,
        attempt=attempt,
        variables=variables,
        mounts=mounts,
        oom_score_adjust=oom_score_adjust(pod, container, host.memory),
        target=_target(container, seen),
    )


def _target(container: Object, seen: PodObservation) -> str:
    """Id of the container into which an ephemeral one looks; empty for none. Raises ContainerProblem."""
    name = container.get("targetContainerName")
    if not name:
        return ""
    target = seen.latest(name)
    if target is None:
        raise config_problem(f"unable to find target container {name}")
    return target.id


async def _variables(
    host: Host, pod: Object, container: Object, volumes: Volumes, seen: PodObservation
) -> dict[str, str]:
    await host.objects.hold(pod["metadata"]["uid"], set(environment_references(pod, container)))
    links = pod["spec"].get("enableServiceLinks") is not False
    around = Surroundings(
        lookup=host.objects.get,
        services=host.services(pod["metadata"]["namespace"], links),
        node=host.facts,
        pod_ips=pod_addresses(pod, seen, host.config.node_ips),
        read=lambda volume, path: read_inside(volumes[volume].path, path) if volume in volumes else None,
    )
    return environment(pod, container, around)


def _sandbox_config(host: Host, pod: Object, attempt: int) -> dict[str, Any]:
    return sandbox_config(pod, host.config, pod_resolver(pod, host.config, host.resolver), attempt)


def _mounts(
    host: Host,
    pod: Object,
    container: Object,
    volumes: Volumes,
    variables: Mapping[str, str],
    seen: PodObservation,
    attempt: int,
) -> list[dict[str, Any]]:
    """Volumes, the hosts file, and the file for the termination message."""
    mounts = host.volumes.container_mounts(pod, container, volumes, variables)
    taken = {mount["container_path"] for mount in mounts}
    try:
        own = {"/etc/hosts": _write_hosts(host, pod, seen)}
        path = container.get("terminationMessagePath") or "/dev/termination-log"
        own[path] = message_file(host.config, pod["metadata"]["uid"], container["name"], attempt)
        own[path].parent.mkdir(parents=True, exist_ok=True)
        own[path].touch(mode=0o666)
        own[path].chmod(0o666)
    except OSError as fault:
        raise config_problem(f"cannot prepare files of the container: {fault}") from fault
    return mounts + [
        {"container_path": target, "host_path": str(source)}
        for target, source in own.items()
        if target not in taken
    ]


def _write_hosts(host: Host, pod: Object, seen: PodObservation) -> Path:
    path = host.config.pods_dir / str(pod["metadata"]["uid"]) / "etc-hosts"
    if is_host_network(pod):
        text = host_network_hosts_file(pod, Path("/etc/hosts").read_text())
    else:
        text = hosts_file(pod, host.config, pod_addresses(pod, seen, host.config.node_ips))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o644)
    return path


async def _create(
    host: Host, pod: Object, container: Object, config: dict[str, Any], seen: PodObservation
) -> str:
    sandbox = seen.ready_sandbox
    if sandbox is None:
        raise ContainerProblem("CreateContainerError", "the sandbox is gone")
    try:
        container_id = await host.runtime.create_container(
            sandbox.id, config, _sandbox_config(host, pod, sandbox.attempt)
        )
    except CriError as fault:
        await host.note(pod, "Warning", "Failed", f"Error: {fault}", container)
        raise ContainerProblem("CreateContainerError", str(fault)) from fault
    await host.note(pod, "Normal", "Created", f"Container created: {container['name']}", container)
    return container_id


async def _start(host: Host, pod: Object, container: Object, container_id: str) -> None:
    try:
        await _to_the_end(host.runtime.start_container(container_id))
    except CriError as fault:
        await host.note(pod, "Warning", "Failed", f"Error: {fault}", container)
        raise ContainerProblem("RunContainerError", str(fault)) from fault
    await host.note(pod, "Normal", "Started", f"Container started: {container['name']}", container)


async def _to_the_end(call: Coroutine[Any, Any, None]) -> None:
    """What the runtime has begun is not broken off, which would leave a container that failed."""
    task = asyncio.create_task(call)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        with contextlib.suppress(CriError, TimeoutError):
            async with asyncio.timeout(_START_LIMIT):
                await task
        raise


async def _post_start(
    host: Host, pod: Object, container: Object, container_id: str, seen: PodObservation
) -> None:
    hook = (container.get("lifecycle") or {}).get("postStart")
    if not hook:
        return
    ips = pod_addresses(pod, seen, host.config.node_ips)
    try:
        with contextlib.suppress(HandlerStatusError):
            await host.handlers.run(hook, container, container_id, ips, _HOOK_LIMIT)
    except HandlerError as fault:
        _log.info("postStart of %s in %s: %s", container["name"], pod_name(pod), fault)
        await host.note(pod, "Warning", "FailedPostStartHook", f"PostStartHook failed: {fault}", container)
        await host.runtime.stop_container(container_id, 2)
        raise ContainerProblem("PostStartHookError", f"PostStartHook failed: {fault}") from fault
