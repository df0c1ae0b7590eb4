"""What the pods of a workload use, set against what they may be counted for. Pure.

Values are thousandths: millicores, and thousandths of bytes. Times are seconds since the epoch.
Source: kubernetes pkg/controller/podautoscaler/replica_calculator.go.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from proa.errors import ProaError
from proa.kube import Object, is_deleting, to_milli
from proa.kube.meta import find_condition, parse_time

INITIALIZATION_SECONDS = 300.0
"""For so long after its start a pod's processor use tells little (upstream's cpu-initialization-period)."""
INITIAL_READINESS_SECONDS = 30.0


class MetricsError(ProaError):
    """A metric gives no number; the message is upstream's."""


class Sample(NamedTuple):
    """What one pod uses, when that was measured, and over how many seconds."""

    value: int
    at: float = 0.0
    window: float = 60.0


Samples = Mapping[str, Sample]
"""By the name of the pod."""


@dataclass
class Groups:
    """How many pods count, and the names of those that need care."""

    ready: int = 0
    unready: set[str] = field(default_factory=set)
    missing: set[str] = field(default_factory=set)
    ignored: set[str] = field(default_factory=set)


def group(pods: Iterable[Object], samples: Samples, resource: str, now: float) -> Groups:
    """Tell pods apart; readiness matters for the processor only, which start-up keeps busy."""
    groups = Groups()
    for pod in pods:
        name, phase = pod["metadata"]["name"], (pod.get("status") or {}).get("phase")
        if is_deleting(pod) or phase == "Failed":
            groups.ignored.add(name)
        elif phase == "Pending":
            groups.unready.add(name)
        elif name not in samples:
            groups.missing.add(name)
        elif resource == "cpu" and _is_unready(pod, samples[name], now):
            groups.unready.add(name)
        else:
            groups.ready += 1
    return groups


def _is_unready(pod: Object, sample: Sample, now: float) -> bool:
    condition, started = find_condition(pod, "Ready"), (pod.get("status") or {}).get("startTime")
    if condition is None or not started:
        return True
    begun = parse_time(started).timestamp()
    changed = parse_time(condition["lastTransitionTime"]).timestamp()
    unready = condition["status"] == "False"
    if begun + INITIALIZATION_SECONDS > now:
        return unready or sample.at < changed + sample.window
    return unready and begun + INITIAL_READINESS_SECONDS > changed


def requests(pods: Iterable[Object], resource: str, container: str = "") -> dict[str, int]:
    """What each pod, or one container of it, requests. Raises MetricsError where a request is missing."""
    return {pod["metadata"]["name"]: _request(pod, resource, container) for pod in pods}


def _request(pod: Object, resource: str, container: str) -> int:
    name, spec = pod["metadata"]["name"], pod["spec"]
    whole = (spec.get("resources") or {}).get("requests")
    if whole and not container:
        if resource not in whole:
            raise MetricsError(f"missing pod-level request for {resource} in Pod {name}")
        return to_milli(whole[resource])
    counted = [one for one in _long_running(spec) if container in ("", one["name"])]
    if not counted and container:
        raise MetricsError(f"container {container} not found in Pod {name}")
    total = 0
    for one in counted:
        amount = ((one.get("resources") or {}).get("requests") or {}).get(resource)
        if amount is None:
            raise MetricsError(f"missing request for {resource} in container {one['name']} of Pod {name}")
        total += to_milli(amount)
    return total


def _long_running(spec: Object) -> list[Object]:
    """Containers and sidecars."""
    sidecars = [one for one in spec.get("initContainers") or () if one.get("restartPolicy") == "Always"]
    return [*(spec.get("containers") or ()), *sidecars]


def ready_pods(pods: Iterable[Object]) -> int:
    """How many pods run and are ready."""
    count = 0
    for pod in pods:
        condition = find_condition(pod, "Ready")
        running = (pod.get("status") or {}).get("phase") == "Running"
        count += running and condition is not None and condition["status"] == "True"
    return count
