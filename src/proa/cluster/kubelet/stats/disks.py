"""What pods take on disks: their volumes, logs and writable layers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from proa.cluster.kubelet.config import KubeletConfig
from proa.cluster.kubelet.cri import FilesystemUsage
from proa.cluster.kubelet.environment import Lookup
from proa.cluster.kubelet.pods import log_directory_name, pod_name
from proa.cluster.kubelet.stats.filesystem import DirectoryUsage, DirectoryUsages, filesystem
from proa.cluster.kubelet.stats.values import ContainerUsage, PodUsage, VolumeUsage
from proa.cluster.kubelet.volumes.locations import VolumeLocation, volume_locations
from proa.kube import Object


class Disks:
    """Adds to readings of pods what they take on disks."""

    def __init__(self, config: KubeletConfig, lookup: Lookup) -> None:
        self._config = config
        self._lookup = lookup
        self._usages = DirectoryUsages()
        self._asked: set[Path] = set()

    async def add(
        self,
        measured: Iterable[PodUsage],
        pods: Iterable[Object],
        layers: Mapping[str, FilesystemUsage],
        max_age: float,
    ) -> list[PodUsage]:
        """The readings with disks, measured within the last `max_age` seconds; both are in one order."""
        self._asked = set()
        found = [await self._add(m, pod, layers, max_age) for m, pod in zip(measured, pods, strict=True)]
        self._usages.keep(self._asked)
        return found

    async def _add(
        self, measured: PodUsage, pod: Object, layers: Mapping[str, FilesystemUsage], max_age: float
    ) -> PodUsage:
        logs = self._config.logs_dir / log_directory_name(pod_name(pod))
        containers = [await self._container(c, logs, layers.get(c.id), max_age) for c in measured.containers]
        return replace(measured, containers=containers, volumes=await self._volumes(pod, max_age))

    async def _container(
        self, container: ContainerUsage, logs: Path, layer: FilesystemUsage | None, max_age: float
    ) -> ContainerUsage:
        return replace(
            container,
            logs=await self._usage(logs / container.name, max_age),
            rootfs=DirectoryUsage(layer.used, layer.inodes) if layer else None,
        )

    async def _volumes(self, pod: Object, max_age: float) -> Sequence[VolumeUsage]:
        found = []
        for location in volume_locations(self._config, pod, self._lookup):
            usage = await self._usage(location.path, max_age)
            if await asyncio.to_thread(location.path.exists):
                found.append(_volume(location, usage))
        return found

    async def _usage(self, path: Path, max_age: float) -> DirectoryUsage:
        self._asked.add(path)
        return await self._usages.get(path, max_age)


def _volume(location: VolumeLocation, usage: DirectoryUsage) -> VolumeUsage:
    return VolumeUsage(
        name=location.name,
        usage=usage,
        filesystem=filesystem(location.path),
        claim=location.claim,
        ephemeral=location.ephemeral,
        limit=location.limit,
    )
