"""Readings as Prometheus text, as on the kubelet's `/metrics` and the paths below it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from proa.cluster.kubelet.stats.values import NodeUsage, PodUsage

_SECOND = 1_000_000_000


@dataclass
class Family:
    """A metric with all its samples: labels, value, and milliseconds since the epoch if it has a time."""

    name: str
    kind: str
    help: str
    samples: list[tuple[Mapping[str, str], float, int | None]] = field(default_factory=list)

    def add(self, labels: Mapping[str, str], value: float, at: int | None = None) -> None:
        """A sample; `at` is nanoseconds since the epoch."""
        self.samples.append((labels, value, None if at is None else at // 1_000_000))


def render(families: Iterable[Family]) -> str:
    """The text format, version 0.0.4; a family without samples is left out."""
    return "".join(line for family in families if family.samples for line in _lines(family))


def _lines(family: Family) -> Iterator[str]:
    yield f"# HELP {family.name} {family.help}\n# TYPE {family.name} {family.kind}\n"
    for labels, value, at in family.samples:
        inside = ",".join(f'{key}="{_escape(text)}"' for key, text in sorted(labels.items()))
        yield f"{family.name}{{{inside}}}" if inside else family.name
        yield f" {value:.17g}" if value != int(value) else f" {int(value)}"
        yield f" {at}\n" if at is not None else "\n"


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


def resource_metrics(node: NodeUsage | None) -> str:
    """Processor and memory of node, pods and containers; without a reading only that there was an error."""
    cpu = "Cumulative cpu time consumed by the {} in core-seconds"
    memory = "Current working set of the {} in bytes"
    families = {
        f"{part}_{name}": Family(f"{part}_{name}", kind, f"[STABLE] {text.format(part)}")
        for part in ("container", "node", "pod")
        for name, kind, text in (
            ("cpu_usage_seconds_total", "counter", cpu),
            ("memory_working_set_bytes", "gauge", memory),
        )
    }
    start = Family(
        "container_start_time_seconds",
        "gauge",
        "[STABLE] Start time of the container since unix epoch in seconds",
    )
    fault = Family(
        "resource_scrape_error",
        "gauge",
        "[STABLE] 1 if there was an error while getting container metrics, 0 otherwise",
    )
    fault.add({}, 0 if node else 1)
    if node:
        _fill(families, start, node)
    return render(sorted((*families.values(), start, fault), key=lambda family: family.name))


def _fill(families: Mapping[str, Family], start: Family, node: NodeUsage) -> None:
    def put(part: str, labels: Mapping[str, str], at: int, cpu: int, memory: int) -> None:
        families[f"{part}_cpu_usage_seconds_total"].add(labels, cpu / _SECOND, at)
        families[f"{part}_memory_working_set_bytes"].add(labels, memory, at)

    whole = node.reading
    put("node", {}, whole.at, whole.usage.cpu, whole.usage.memory.working_set)
    for pod in node.pods:
        names = pod_labels(pod)
        for container in pod.containers:
            labels, reading = {"container": container.name} | names, container.reading
            start.add(labels, container.created_at / _SECOND)
            put("container", labels, reading.at, reading.usage.cpu, reading.usage.memory.working_set)
        if pod.reading:
            put("pod", names, pod.reading.at, pod.reading.usage.cpu, pod.reading.usage.memory.working_set)


def kubelet_metrics(node: NodeUsage, version: str) -> str:
    """What the kubelet says of itself and of the claims that its pods use."""
    fields = {
        "capacity_bytes": "Capacity in bytes of the volume",
        "available_bytes": "Number of available bytes in the volume",
        "used_bytes": "Number of used bytes in the volume",
        "inodes": "Maximum number of inodes in the volume",
        "inodes_free": "Number of free inodes in the volume",
        "inodes_used": "Number of used inodes in the volume",
    }
    families = {
        name: Family(f"kubelet_volume_stats_{name}", "gauge", f"[ALPHA] {text}")
        for name, text in fields.items()
    }
    for pod in node.pods:
        for volume in pod.volumes:
            if volume.claim:
                labels = {"namespace": pod.name.namespace, "persistentvolumeclaim": volume.claim}
                disk = volume.filesystem
                values = (disk.capacity, disk.available, volume.usage.used, disk.inodes, disk.inodes_free)
                for family, value in zip(families.values(), (*values, volume.usage.inodes), strict=True):
                    family.add(labels, value)
    running = Family("kubelet_running_pods", "gauge", "[ALPHA] Number of pods that run")
    running.add({}, sum(pod.reading is not None for pod in node.pods))
    containers = Family("kubelet_running_containers", "gauge", "[ALPHA] Number of containers that run")
    containers.add({"container_state": "running"}, sum(len(pod.containers) for pod in node.pods))
    name = Family("kubelet_node_name", "gauge", "[ALPHA] The node's name, as a label of a value of 1")
    name.add({"node": node.name}, 1)
    build = Family("kubernetes_build_info", "gauge", "[BETA] The release, as a label of a value of 1")
    build.add({"git_version": version}, 1)
    return render((*families.values(), containers, name, running, build))


def pod_labels(pod: PodUsage) -> dict[str, str]:
    """By which metrics name a pod."""
    return {"namespace": pod.name.namespace, "pod": pod.name.name}
