"""What each metric of an autoscaler asks for, with its part of the status.

Source: kubernetes pkg/controller/podautoscaler/horizontal.go.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from proa.cluster.controllers import hpa_replicas
from proa.cluster.controllers.hpa_metrics import MetricsReader
from proa.cluster.controllers.hpa_replicas import Tolerance
from proa.cluster.controllers.hpa_samples import MetricsError, group, requests
from proa.kube import Object, to_milli
from proa.kube.quantities import format_bytes, format_milli, parse_quantity


class Proposed(NamedTuple):
    """Replicas, the metric in words, and its entry in `status.currentMetrics`."""

    replicas: int
    metric: str
    status: Object


class Unknown(MetricsError):
    """A metric gives no number; `reason` is for the condition, `cause` its message."""

    def __init__(self, reason: str, cause: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.cause = cause


@dataclass(frozen=True)
class Workload:
    """What is scaled: replicas as set and as they are, and the pods that the selector finds."""

    namespace: str
    wanted: int
    present: int
    selector: str
    pods: Sequence[Object]


def tolerance_of(autoscaler: Object, default: float) -> Tolerance:
    """The tolerances of an autoscaler's behavior, or the default."""
    behavior = autoscaler["spec"].get("behavior") or {}
    values = [(behavior.get(side) or {}).get("tolerance") for side in ("scaleDown", "scaleUp")]
    return Tolerance(*(default if value is None else float(parse_quantity(value)) for value in values))


class Proposals:
    """Asks metrics."""

    def __init__(self, reader: MetricsReader) -> None:
        self._reader = reader

    async def of(self, metric: Object, workload: Workload, tolerance: Tolerance) -> Proposed:
        """What one metric asks for. Raises Unknown."""
        kind = metric["type"]
        key = kind[:1].lower() + kind[1:]
        source = metric.get(key) or {}
        asked = {
            "Resource": self._resource,
            "ContainerResource": self._resource,
            "Pods": self._pods,
            "Object": self._object,
            "External": self._external,
        }.get(kind)
        if asked is None:
            text = f'unknown metric source type "{kind}"'
            raise Unknown("InvalidMetricSourceType", text, text)
        try:
            replicas, words, current = await asked(source, workload, tolerance)
        except MetricsError as error:
            raise _unknown(kind, source, error) from error
        head = {
            name: source[name]
            for name in ("name", "container", "metric", "describedObject")
            if name in source
        }
        return Proposed(replicas, words, {"type": kind, key: {**head, "current": current}})

    async def _resource(
        self, source: Object, workload: Workload, tolerance: Tolerance
    ) -> tuple[int, str, Object]:
        name, container, target = source["name"], source.get("container", ""), source["target"]
        what = "usage" if target.get("averageValue") is not None else "utilization"
        try:
            return await self._resource_use(name, container, target, workload, tolerance)
        except MetricsError as error:
            raise MetricsError(f"failed to get {name} {what}: {error}") from error

    async def _resource_use(
        self, name: str, container: str, target: Object, workload: Workload, tolerance: Tolerance
    ) -> tuple[int, str, Object]:
        try:
            samples = await self._reader.resource(name, workload.namespace, workload.selector, container)
        except MetricsError as error:
            raise MetricsError(f"unable to get metrics for resource {name}: {error}") from error
        pods = _some(workload)
        groups = group(pods, samples, name, time.time())
        if target.get("averageValue") is not None:
            wanted = to_milli(target["averageValue"])
            found = hpa_replicas.by_average(workload.wanted, wanted, samples, groups, tolerance)
            return found.replicas, f"{name} resource", {"averageValue": quantity(name, found.average)}
        percent = target["averageUtilization"]
        asked = requests(pods, name, container)
        found = hpa_replicas.by_utilization(workload.wanted, percent, samples, groups, asked, tolerance)
        words = f"{name} {'container ' * bool(container)}resource utilization (percentage of request)"
        current = {"averageUtilization": found.utilization, "averageValue": quantity(name, found.average)}
        return found.replicas, words, current

    async def _pods(
        self, source: Object, workload: Workload, tolerance: Tolerance
    ) -> tuple[int, str, Object]:
        metric, target = source["metric"], to_milli(source["target"]["averageValue"])
        name, selector = metric["name"], metric.get("selector")
        try:
            samples = await self._reader.pods(name, workload.namespace, workload.selector, selector)
        except MetricsError as error:
            raise MetricsError(f"unable to get metric {name}: {error}") from error
        groups = group(_some(workload), samples, "", time.time())
        found = hpa_replicas.by_average(workload.wanted, target, samples, groups, tolerance)
        return found.replicas, f"pods metric {name}", {"averageValue": format_milli(found.average)}

    async def _object(
        self, source: Object, workload: Workload, tolerance: Tolerance
    ) -> tuple[int, str, Object]:
        metric, of = source["metric"], source["describedObject"]
        name = metric["name"]
        try:
            usage = await self._reader.object(name, workload.namespace, of, metric.get("selector"))
        except MetricsError as error:
            where = f"{of['kind']} {workload.namespace}/{of['name']}"
            raise MetricsError(f"unable to get metric {name} on {where}: {error}") from error
        replicas, current = _total(source["target"], usage, workload, tolerance)
        return replicas, f"{of['kind']} metric {name}", current

    async def _external(
        self, source: Object, workload: Workload, tolerance: Tolerance
    ) -> tuple[int, str, Object]:
        metric = source["metric"]
        name = metric["name"]
        try:
            usage = await self._reader.external(name, workload.namespace, metric.get("selector"))
        except MetricsError as error:
            where = f"{workload.namespace}/{name}/{metric.get('selector')}"
            raise MetricsError(f"unable to get external metric {where}: {error}") from error
        replicas, current = _total(source["target"], usage, workload, tolerance)
        return replicas, f"external metric {name}", current


def _total(target: Object, usage: int, workload: Workload, tolerance: Tolerance) -> tuple[int, Object]:
    if target.get("averageValue") is not None:
        wanted = to_milli(target["averageValue"])
        found = hpa_replicas.per_pod(workload.present, wanted, usage, tolerance)
        return found.replicas, {"averageValue": format_milli(found.average)}
    wanted = to_milli(target["value"])
    found = hpa_replicas.by_total(workload.wanted, wanted, usage, workload.pods, tolerance)
    return found.replicas, {"value": format_milli(found.average)}


def _some(workload: Workload) -> Sequence[Object]:
    if not workload.pods:
        raise MetricsError("no pods returned by selector while calculating replica count")
    return workload.pods


def _unknown(kind: str, source: Object, error: MetricsError) -> Unknown:
    subject = {
        "Resource": f"{source.get('name')} resource metric value",
        "ContainerResource": f"{source.get('container')} container metric value",
        "Pods": "pods metric value",
        "Object": "object metric value",
        "External": f"{(source.get('metric') or {}).get('name')} external metric value",
    }[kind]
    return Unknown(f"FailedGet{kind}Metric", str(error), f"failed to get {subject}: {error}")


def quantity(resource: str, milli: int) -> str:
    """Memory in bytes, everything else in thousandths."""
    return format_bytes(-(-milli // 1000)) if resource == "memory" else format_milli(milli)
