"""Measures the node and its pods, when somebody asks."""

from __future__ import annotations

import asyncio
import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from proa.cluster.kubelet.config import KubeletConfig
from proa.cluster.kubelet.cri import (
    CONTAINER_NAME,
    Container,
    ContainerState,
    FilesystemUsage,
    Images,
    Runtime,
)
from proa.cluster.kubelet.machine import Machine, boot_time, processes
from proa.cluster.kubelet.pods import all_containers, is_host_network, pod_name
from proa.cluster.kubelet.sandbox_config import pod_cgroup
from proa.cluster.kubelet.stats.cgroup import CgroupReader
from proa.cluster.kubelet.stats.disks import Disks
from proa.cluster.kubelet.stats.filesystem import Filesystem, filesystem
from proa.cluster.kubelet.stats.network import Interface, interfaces
from proa.cluster.kubelet.stats.rate import CpuRates
from proa.cluster.kubelet.stats.values import ContainerUsage, NodeUsage, PodUsage, Reading
from proa.kube import Object


class Collector:
    """Reads cgroups, counters and disks. What is slow is read beside the loop and remembered."""

    def __init__(
        self,
        config: KubeletConfig,
        machine: Machine,
        runtime: Runtime,
        images: Images,
        disks: Disks,
        pods: Callable[[], Sequence[Object]],
    ) -> None:
        self._config = config
        self._machine = machine
        self._runtime = runtime
        self._images = images
        self._disks = disks
        self._pods = pods
        self._cgroups = CgroupReader(config.cgroup_mount)
        self._rates = CpuRates()

    async def collect(self, disks_age: float | None = None, *, details: bool = True) -> NodeUsage:
        """The usage now; of disks only if asked for, and at most so many seconds old. Raises CriError.

        Without `details` interfaces of pods and throttling are left out.
        """
        containers: defaultdict[str, list[Container]] = defaultdict(list)
        for container in await self._runtime.list_containers():
            if container.state is ContainerState.RUNNING:
                containers[container.pod_uid].append(container)
        pods, images = list(self._pods()), await self._images.filesystem()
        node = await asyncio.to_thread(self._measure, pods, containers, images, details=details)
        if disks_age is None:
            return node
        layers = await self._runtime.container_layers()
        return replace(node, pods=await self._disks.add(node.pods, pods, layers, disks_age))

    async def collect_node(self) -> NodeUsage:
        """The usage of the node alone, which costs little however many pods it has. Raises CriError."""
        return await asyncio.to_thread(self._measure_node, await self._images.filesystem())

    def _measure(
        self,
        pods: Iterable[Object],
        containers: Mapping[str, Sequence[Container]],
        images: FilesystemUsage | None,
        *,
        details: bool,
    ) -> NodeUsage:
        node = self._measure_node(images)
        found = [
            self._measure_pod(pod, containers.get(pod["metadata"]["uid"], ()), details=details)
            for pod in pods
        ]
        self._rates.keep(self._paths(pods, containers))
        return replace(node, pods=found)

    def _measure_node(self, images: FilesystemUsage | None) -> NodeUsage:
        at = time.time_ns()
        root = self._read("/")
        assert root is not None, "the root cgroup is always there"
        most, running = processes()
        pods = self._cgroups.read(self._config.cgroup_root)
        own = filesystem(self._config.root_dir)
        return NodeUsage(
            name=self._config.node_name,
            at=at,
            booted_at=boot_time() * 1_000_000_000,
            memory=self._machine.memory,
            reading=root,
            interfaces=interfaces(os.getpid()),
            filesystem=own,
            image_filesystem=_filesystem_of(images, own),
            split=_is_elsewhere(images, self._config.root_dir),
            images_used=images.used if images else 0,
            processes=running,
            most_processes=most,
            pods=[],
            cores=self._machine.cpus,
            pods_memory=pods.memory.working_set if pods else 0,
        )

    def _measure_pod(self, pod: Object, containers: Sequence[Container], *, details: bool) -> PodUsage:
        cgroup = pod_cgroup(pod, self._config)
        found = []
        images = {spec["name"]: spec.get("image", "") for spec in all_containers(pod)}
        for container in containers:
            path = f"{cgroup}/{container.id}"
            reading = self._read(path)
            name = container.labels.get(CONTAINER_NAME)
            if reading is not None and name:
                usage = ContainerUsage(name, container.id, container.created_at, reading)
                throttling = self._cgroups.throttling(path) if details else None
                image = images.get(name, "")
                found.append(replace(usage, cgroup=path, image=image, throttling=throttling))
        started = (pod.get("status") or {}).get("startTime") or pod["metadata"].get("creationTimestamp") or ""
        counted = self._interfaces(pod, cgroup, containers) if details else []
        return PodUsage(pod_name(pod), started, self._read(cgroup), found, counted, cgroup=cgroup)

    def _interfaces(self, pod: Object, cgroup: str, containers: Sequence[Container]) -> list[Interface]:
        if is_host_network(pod):
            return []
        for container in containers:
            for pid in self._cgroups.processes(f"{cgroup}/{container.id}")[:1]:
                return interfaces(pid)
        return []

    def _read(self, path: str) -> Reading | None:
        usage = self._cgroups.read(path)
        at = time.time_ns()
        return (
            Reading(at, usage, self._rates.observe(path, usage.cpu, time.monotonic_ns())) if usage else None
        )

    def _paths(self, pods: Iterable[Object], containers: Mapping[str, Sequence[Container]]) -> set[str]:
        paths = {"/"}
        for pod in pods:
            cgroup = pod_cgroup(pod, self._config)
            paths.add(cgroup)
            paths |= {f"{cgroup}/{c.id}" for c in containers.get(pod["metadata"]["uid"], ())}
        return paths


def _filesystem_of(usage: FilesystemUsage | None, otherwise: Filesystem) -> Filesystem:
    """The filesystem of the images; the node's own as long as the runtime does not say where they are."""
    return filesystem(Path(usage.mountpoint)) if usage and Path(usage.mountpoint).exists() else otherwise


def _is_elsewhere(usage: FilesystemUsage | None, own: Path) -> bool:
    """Whether images lie on another filesystem than the node's own files."""
    if usage is None or not Path(usage.mountpoint).exists():
        return False
    return Path(usage.mountpoint).stat().st_dev != own.stat().st_dev
