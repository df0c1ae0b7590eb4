"""Containers, pods and the machine by the names and labels of cAdvisor, as dashboards ask for them. Pure.

Source: cadvisor docs/storage/prometheus.md; the labels are those of the kubelet (pkg/kubelet/server).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from proa.cluster.kubelet.stats.cgroup import Throttling
from proa.cluster.kubelet.stats.exposition import Family, pod_labels, render
from proa.cluster.kubelet.stats.network import Interface
from proa.cluster.kubelet.stats.values import NodeUsage, PodUsage, Reading

_SECOND = 1_000_000_000
_COUNTERS = {
    "container_cpu_usage_seconds_total": "Cumulative cpu time consumed in seconds.",
    "container_cpu_cfs_periods_total": "Number of elapsed enforcement period intervals.",
    "container_cpu_cfs_throttled_periods_total": "Number of throttled period intervals.",
    "container_cpu_cfs_throttled_seconds_total": "Total time duration the container has been throttled.",
    "container_network_receive_bytes_total": "Cumulative count of bytes received",
    "container_network_receive_errors_total": "Cumulative count of errors encountered while receiving",
    "container_network_receive_packets_total": "Cumulative count of packets received",
    "container_network_receive_packets_dropped_total": "Cumulative count of packets dropped while receiving",
    "container_network_transmit_bytes_total": "Cumulative count of bytes transmitted",
    "container_network_transmit_errors_total": "Cumulative count of errors encountered while transmitting",
    "container_network_transmit_packets_total": "Cumulative count of packets transmitted",
    "container_network_transmit_packets_dropped_total": "Cumulative count of packets dropped while sending",
}
_GAUGES = {
    "container_last_seen": "Last time a container was seen by the exporter",
    "container_memory_cache": "Number of bytes of page cache memory.",
    "container_memory_rss": "Size of RSS in bytes.",
    "container_memory_swap": "Container swap usage in bytes.",
    "container_memory_usage_bytes": "Current memory usage in bytes, including all memory.",
    "container_memory_working_set_bytes": "Current working set in bytes.",
    "container_processes": "Number of processes running inside the container.",
    "container_spec_memory_limit_bytes": "Memory limit for the container; 0 for none.",
    "container_start_time_seconds": "Start time of the container since unix epoch in seconds.",
    "machine_cpu_cores": "Number of logical CPU cores.",
    "machine_memory_bytes": "Amount of memory installed on the machine.",
}
_NOBODY = {"container": "", "image": "", "name": "", "namespace": "", "pod": ""}

Sample = tuple[str, Mapping[str, str], float]
"""Name of the metric, labels, value."""


def cadvisor_metrics(node: NodeUsage) -> str:
    """The text of `/metrics/cadvisor`."""
    families = {name: Family(name, "counter", text) for name, text in _COUNTERS.items()}
    families |= {name: Family(name, "gauge", text) for name, text in _GAUGES.items()}
    for name, labels, value in _samples(node):
        families[name].add(labels, value, node.at if name.startswith("container_") else None)
    return render(sorted(families.values(), key=lambda family: family.name))


def _samples(node: NodeUsage) -> Iterator[Sample]:
    yield "machine_cpu_cores", {}, node.cores
    yield "machine_memory_bytes", {}, node.memory
    yield from _of_cgroup(_NOBODY | {"id": "/"}, node.reading)
    for pod in node.pods:
        yield from _of_pod(pod)


def _of_pod(pod: PodUsage) -> Iterator[Sample]:
    own = _NOBODY | pod_labels(pod)
    if pod.reading:
        yield from _of_cgroup(own | {"id": pod.cgroup}, pod.reading)
    for link in pod.interfaces:
        yield from _of_interface(own | {"id": pod.cgroup, "interface": link.name}, link)
    for container in pod.containers:
        names = {"container": container.name, "image": container.image, "name": container.id}
        labels = own | names | {"id": container.cgroup}
        yield from _of_cgroup(labels, container.reading)
        yield "container_start_time_seconds", labels, container.created_at / _SECOND
        if container.throttling:
            yield from _of_throttling(labels, container.throttling)


def _of_cgroup(labels: Mapping[str, str], reading: Reading) -> Iterator[Sample]:
    usage, memory = reading.usage, reading.usage.memory
    yield "container_cpu_usage_seconds_total", {**labels, "cpu": "total"}, usage.cpu / _SECOND
    yield "container_last_seen", labels, reading.at // _SECOND
    yield "container_memory_cache", labels, memory.cache
    yield "container_memory_rss", labels, memory.rss
    yield "container_memory_swap", labels, memory.swap
    yield "container_memory_usage_bytes", labels, memory.usage
    yield "container_memory_working_set_bytes", labels, memory.working_set
    yield "container_processes", labels, usage.processes
    yield "container_spec_memory_limit_bytes", labels, memory.limit or 0


def _of_throttling(labels: Mapping[str, str], found: Throttling) -> Iterator[Sample]:
    yield "container_cpu_cfs_periods_total", labels, found.periods
    yield "container_cpu_cfs_throttled_periods_total", labels, found.throttled
    yield "container_cpu_cfs_throttled_seconds_total", labels, found.nanoseconds / _SECOND


def _of_interface(labels: Mapping[str, str], link: Interface) -> Iterator[Sample]:
    received = (link.rx_bytes, link.rx_errors, link.rx_packets, link.rx_dropped)
    sent = (link.tx_bytes, link.tx_errors, link.tx_packets, link.tx_dropped)
    for way, values in (("receive", received), ("transmit", sent)):
        for what, value in zip(("bytes", "errors", "packets", "packets_dropped"), values, strict=True):
            yield f"container_network_{way}_{what}_total", labels, value
