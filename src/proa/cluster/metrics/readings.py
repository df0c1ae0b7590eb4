"""Readings of one node's kubelet: the text of its `/metrics/resource`, taken apart. Pure.

Source: Prometheus text format 0.0.4; Kubernetes' resource metrics endpoint (KEP 727).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

_SAMPLE = re.compile(r"(\w+)(?:\{([^}]*)\})? (\S+)(?: (\d+))?")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


class Point(NamedTuple):
    """Processor time used so far in seconds, memory in bytes; times are seconds since the epoch."""

    at: float
    cpu: float
    memory: int
    started: float = 0.0


PodKey = tuple[str, str]
"""Namespace and name."""


@dataclass
class Readings:
    """One node at one moment."""

    node: Point | None = None
    pods: dict[PodKey, dict[str, Point]] = field(default_factory=dict)
    """Points by container."""


def parse(text: str) -> Readings:
    """The readings in the text; what has no processor time or no memory is left out."""
    values: dict[tuple[str, str, str], dict[str, tuple[float, float]]] = {}
    for name, labels, value, at in _samples(text):
        kind, _, measure = name.partition("_")
        if kind == "node":
            values.setdefault(("", "", ""), {})[measure] = (value, at)
        elif kind == "container" and "container" in labels:
            key = (labels["namespace"], labels["pod"], labels["container"])
            values.setdefault(key, {})[measure] = (value, at)
    readings = Readings()
    for (namespace, pod, container), measures in values.items():
        point = _point(measures)
        if point is None:
            continue
        if pod:
            readings.pods.setdefault((namespace, pod), {})[container] = point
        else:
            readings.node = point
    return readings


def _samples(text: str) -> Iterator[tuple[str, dict[str, str], float, float]]:
    for line in text.splitlines():
        match = None if line.startswith("#") else _SAMPLE.fullmatch(line)
        if match:
            name, labels, value, at = match.groups()
            yield name, dict(_LABEL.findall(labels or "")), float(value), int(at or 0) / 1000


def _point(measures: dict[str, tuple[float, float]]) -> Point | None:
    cpu, memory = measures.get("cpu_usage_seconds_total"), measures.get("memory_working_set_bytes")
    if cpu is None or memory is None:
        return None
    started = measures.get("start_time_seconds", (0.0, 0.0))[0]
    return Point(cpu[1], cpu[0], int(memory[0]), started)
