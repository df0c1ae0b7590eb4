"""What was measured, as values: the node, its pods, their containers and volumes. Times are nanoseconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from proa.cluster.kubelet.pods import PodName
from proa.cluster.kubelet.stats.cgroup import CgroupUsage, Throttling
from proa.cluster.kubelet.stats.filesystem import DirectoryUsage, Filesystem
from proa.cluster.kubelet.stats.network import Interface


@dataclass(frozen=True, slots=True)
class Reading:
    """A cgroup at one moment; `rate` is billionths of a core, None when it is not known yet."""

    at: int
    usage: CgroupUsage
    rate: int | None


@dataclass(frozen=True, slots=True)
class ContainerUsage:
    """A running container; `rootfs` is its writable layer. None stands for what was not measured."""

    name: str
    id: str
    created_at: int
    reading: Reading
    logs: DirectoryUsage | None = None
    rootfs: DirectoryUsage | None = None
    cgroup: str = ""
    image: str = ""
    throttling: Throttling | None = None


@dataclass(frozen=True, slots=True)
class VolumeUsage:
    """A volume of a pod on a filesystem that it may share with others."""

    name: str
    usage: DirectoryUsage
    filesystem: Filesystem
    claim: str = ""
    """The claim through which the pod has it, if any."""
    ephemeral: bool = False
    """Whether it counts as the pod's ephemeral storage."""
    limit: int | None = None
    """Bytes that an emptyDir may take."""


@dataclass(frozen=True, slots=True)
class PodUsage:
    """A pod and all in it. `started_at` is as in its status."""

    name: PodName
    started_at: str
    reading: Reading | None
    containers: Sequence[ContainerUsage] = ()
    interfaces: Sequence[Interface] = ()
    volumes: Sequence[VolumeUsage] = ()
    cgroup: str = ""

    @property
    def layers(self) -> DirectoryUsage:
        """Writable layers, which lie beside the images."""
        return sum((c.rootfs for c in self.containers if c.rootfs), start=DirectoryUsage(0, 0))

    @property
    def logs_and_volumes(self) -> DirectoryUsage:
        """Logs and volumes on the node's disk."""
        logs = sum((c.logs for c in self.containers if c.logs), start=DirectoryUsage(0, 0))
        return sum((v.usage for v in self.volumes if v.ephemeral), start=logs)

    @property
    def ephemeral_storage(self) -> DirectoryUsage:
        """All that the pod takes on disks of the node."""
        return self.layers + self.logs_and_volumes


@dataclass(frozen=True, slots=True)
class NodeUsage:
    """The whole machine, and the pods of this node on it."""

    name: str
    at: int
    booted_at: int
    memory: int
    """Bytes of memory that there are."""
    reading: Reading
    interfaces: Sequence[Interface]
    filesystem: Filesystem
    """Of the kubelet's own files: volumes and logs."""
    image_filesystem: Filesystem
    split: bool
    """Whether these are two filesystems."""
    images_used: int
    """Bytes that images and writable layers take."""
    processes: int
    most_processes: int
    pods: Sequence[PodUsage]
    cores: int = 0
    pods_memory: int = 0
    """The working set of all pods together."""
