"""Who has to go first, and what is said about it (source: pkg/kubelet/eviction/helpers.go). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from proa.cluster.kubelet.eviction.signals import Shortage
from proa.cluster.kubelet.eviction.thresholds import MEMORY, PROCESSES
from proa.cluster.kubelet.pods import planned_containers
from proa.cluster.kubelet.resources import pod_requests
from proa.cluster.kubelet.stats.values import PodUsage
from proa.kube import Object, annotations_of, to_integer

_SYSTEM_CRITICAL = 2_000_000_000
_STATIC = ("kubernetes.io/config.source", "kubernetes.io/config.mirror")


def is_critical(pod: Object) -> bool:
    """Whether a pod is never evicted: static ones, and those of a system priority."""
    notes = annotations_of(pod)
    static = notes.get(_STATIC[0], "api") != "api" or _STATIC[1] in notes
    return static or priority(pod) >= _SYSTEM_CRITICAL


def priority(pod: Object) -> int:
    """The pod's priority; 0 when it has none."""
    return int(pod["spec"].get("priority") or 0)


def rank(
    pods: Iterable[Object], usages: Mapping[str, PodUsage], short: Shortage, *, split: bool = False
) -> list[Object]:
    """First those over their requests, then by priority, then by how much they are over.

    Of processes nobody requests any, so priority alone counts there. `split`: images and writable layers
    have a filesystem of their own.
    """

    def key(pod: Object) -> tuple[bool, int, int]:
        usage = usages.get(pod["metadata"]["uid"])
        used, asked = used_and_asked(pod, usage, short, split=split) if usage else (0, 0)
        over = used > asked and short.threshold.condition != PROCESSES
        return not over, priority(pod), asked - used

    return sorted((pod for pod in pods if not is_critical(pod)), key=key)


def used_and_asked(pod: Object, usage: PodUsage, short: Shortage, *, split: bool) -> tuple[int, int]:
    """What the pod has of the resource that is short, and what it requested of it."""
    if short.threshold.condition == MEMORY:
        used = usage.reading.usage.memory.working_set if usage.reading else 0
        return used, pod_requests(pod)["memory"]
    if short.threshold.condition == PROCESSES:
        return usage.reading.usage.processes if usage.reading else 0, 0
    taken = usage.ephemeral_storage
    if split:
        taken = usage.layers if short.threshold.signal.startswith("imagefs") else usage.logs_and_volumes
    if short.threshold.signal.endswith("inodesFree"):
        return taken.inodes, 0
    asked = sum(_request(container, "ephemeral-storage") for container in planned_containers(pod))
    return taken.used, asked


def message(pod: Object, usage: PodUsage, short: Shortage) -> str:
    """What the status of the evicted pod says."""
    name = short.threshold.resource
    left = f"Threshold quantity: {_shown(short.least, name)}, available: {_shown(short.available, name)}. "
    parts = [f"The node was low on resource: {name}. {left}"]
    specs = {container["name"]: container for container in planned_containers(pod)}
    for container in usage.containers:
        if name not in ("memory", "ephemeral-storage") or container.name not in specs:
            continue
        layers = [part.used for part in (container.logs, container.rootfs) if part]
        used = container.reading.usage.memory.working_set if name == "memory" else sum(layers)
        asked = _request(specs[container.name], name)
        if used > asked:
            parts.append(
                f"Container {container.name} was using {used // 1024}Ki, request is {_bytes(asked)},"
                f" has larger consumption of {name}. "
            )
    return "".join(parts)


def excess(pod: Object, usage: PodUsage) -> str:
    """Why a pod that takes more of the disk than it may has to go; empty when it does not."""
    for volume in usage.volumes:
        if volume.limit is not None and volume.ephemeral and volume.usage.used > volume.limit:
            return f'Usage of EmptyDir volume "{volume.name}" exceeds the limit "{_bytes(volume.limit)}". '
    limits = {c["name"]: _limit(c) for c in planned_containers(pod)}
    for container in usage.containers:
        used = sum(part.used for part in (container.logs, container.rootfs) if part)
        limit = limits.get(container.name)
        if limit is not None and used > limit:
            return (
                f'Container {container.name} exceeded its local ephemeral storage limit "{_bytes(limit)}". '
            )
    known = [limit for limit in limits.values() if limit is not None]
    if known and len(known) == len(limits) and usage.ephemeral_storage.used > sum(known):
        what = "Pod ephemeral local storage usage exceeds the total limit of containers"
        return f"{what} {_bytes(sum(known))}. "
    return ""


def has_disk_limit(pod: Object) -> bool:
    """Whether a pod's use of the disk must be watched."""
    volumes = (volume.get("emptyDir") or {} for volume in pod["spec"].get("volumes") or ())
    return any("sizeLimit" in v for v in volumes) or any(
        _limit(c) is not None for c in planned_containers(pod)
    )


def _request(container: Object, name: str) -> int:
    requests = (container.get("resources") or {}).get("requests") or {}
    return to_integer(requests[name]) if name in requests else 0


def _limit(container: Object) -> int | None:
    limits = (container.get("resources") or {}).get("limits") or {}
    return to_integer(limits["ephemeral-storage"]) if "ephemeral-storage" in limits else None


def _shown(amount: int, name: str) -> str:
    return str(amount) if name in ("inodes", "pids") else _bytes(amount)


def _bytes(amount: int) -> str:
    """A number of bytes in the largest binary unit that divides it, as a quantity is printed."""
    for unit, size in (("Gi", 1 << 30), ("Mi", 1 << 20), ("Ki", 1 << 10)):
        if amount and amount % size == 0:
            return f"{amount // size}{unit}"
    return str(amount)
