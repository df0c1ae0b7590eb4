"""Readings as the kubelet's `/stats/summary` (source: k8s.io/kubelet, stats v1alpha1). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from proa.cluster.kubelet.stats.filesystem import DirectoryUsage, Filesystem
from proa.cluster.kubelet.stats.network import Interface
from proa.cluster.kubelet.stats.values import ContainerUsage, NodeUsage, PodUsage, Reading, VolumeUsage
from proa.cluster.kubelet.status import rfc3339
from proa.kube import Object


def summary(node: NodeUsage, *, only_cpu_and_memory: bool = False) -> Object:
    """The node and its pods; without disks and networks if only processor and memory are asked for."""
    if only_cpu_and_memory:
        return {"node": _head(node), "pods": [_small_pod(pod) for pod in node.pods]}
    at = rfc3339(node.at)
    own, images = node.filesystem, node.image_filesystem
    image_part = _whole(images, node.at) | {"usedBytes": node.images_used}
    details = {
        "network": _network(node.interfaces, node.at),
        "fs": _whole(own, node.at),
        "runtime": {"imageFs": image_part, "containerFs": image_part},
        "rlimit": {"time": at, "maxpid": node.most_processes, "curproc": node.processes},
    }
    return {"node": _head(node) | details, "pods": [_pod(pod, node) for pod in node.pods]}


def _head(node: NodeUsage) -> Object:
    return {
        "nodeName": node.name,
        "startTime": rfc3339(node.booted_at),
        **_cpu_and_memory(node.reading, node.memory),
    }


def _cpu_and_memory(reading: Reading, limit: int | None = None) -> Object:
    at, memory = rfc3339(reading.at), reading.usage.memory
    limit = limit or memory.limit
    available = {"availableBytes": max(0, limit - memory.working_set)} if limit else {}
    return {
        "cpu": {
            "time": at,
            "usageNanoCores": reading.rate or 0,
            "usageCoreNanoSeconds": reading.usage.cpu,
        },
        "memory": {
            "time": at,
            **available,
            "usageBytes": memory.usage,
            "workingSetBytes": memory.working_set,
            "rssBytes": memory.rss,
            "pageFaults": memory.page_faults,
            "majorPageFaults": memory.major_page_faults,
        },
    }


def _small_pod(pod: PodUsage) -> Object:
    return {
        "podRef": {"name": pod.name.name, "namespace": pod.name.namespace, "uid": pod.name.uid},
        "startTime": pod.started_at,
        "containers": [_small_container(container) for container in pod.containers],
        **(_cpu_and_memory(pod.reading) if pod.reading else {}),
    }


def _small_container(container: ContainerUsage) -> Object:
    return {
        "name": container.name,
        "startTime": rfc3339(container.created_at),
        **_cpu_and_memory(container.reading),
    }


def _pod(pod: PodUsage, node: NodeUsage) -> Object:
    more: dict[str, Any] = {
        "containers": [_container(container, node) for container in pod.containers],
        "ephemeral-storage": _part(pod.ephemeral_storage, node.filesystem, node.at),
    }
    if pod.interfaces:
        more["network"] = _network(pod.interfaces, node.at)
    if pod.volumes:
        more["volume"] = [_volume(volume, pod, node.at) for volume in pod.volumes]
    if pod.reading:
        more["process_stats"] = {"process_count": pod.reading.usage.processes}
    return _small_pod(pod) | more


def _container(container: ContainerUsage, node: NodeUsage) -> Object:
    more = {}
    if container.rootfs is not None:
        more["rootfs"] = _part(container.rootfs, node.image_filesystem, node.at)
    if container.logs is not None:
        more["logs"] = _part(container.logs, node.filesystem, node.at)
    return _small_container(container) | more


def _volume(volume: VolumeUsage, pod: PodUsage, at: int) -> Object:
    claim = {"pvcRef": {"name": volume.claim, "namespace": pod.name.namespace}} if volume.claim else {}
    return _part(volume.usage, volume.filesystem, at) | {"name": volume.name} | claim


def _whole(disk: Filesystem, at: int) -> Object:
    return {
        "time": rfc3339(at),
        "availableBytes": disk.available,
        "capacityBytes": disk.capacity,
        "usedBytes": disk.used,
        "inodesFree": disk.inodes_free,
        "inodes": disk.inodes,
        "inodesUsed": disk.inodes_used,
    }


def _part(usage: DirectoryUsage, disk: Filesystem, at: int) -> Object:
    """What a part of a filesystem takes of it."""
    return _whole(disk, at) | {"usedBytes": usage.used, "inodesUsed": usage.inodes}


def _network(links: Sequence[Interface], at: int) -> Object:
    each = [
        {
            "name": link.name,
            "rxBytes": link.rx_bytes,
            "rxErrors": link.rx_errors,
            "txBytes": link.tx_bytes,
            "txErrors": link.tx_errors,
        }
        for link in links
    ]
    return {"time": rfc3339(at), **(each[0] if each else {}), "interfaces": each}
