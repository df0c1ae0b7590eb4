"""How many replicas a metric asks for. Pure.

Source: kubernetes pkg/controller/podautoscaler (replica_calculator.go, metrics/utilization.go).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from proa.cluster.controllers.hpa_samples import Groups, MetricsError, Sample, Samples, ready_pods
from proa.kube import Object

_LARGEST = (1 << 31) - 1


class Tolerance(NamedTuple):
    """How far from its target a metric may be without any change."""

    down: float = 0.1
    up: float = 0.1

    def covers(self, ratio: float) -> bool:
        """Whether a ratio of use to target is as good as 1."""
        return 1.0 - self.down <= ratio <= 1.0 + self.up


class Proposal(NamedTuple):
    """Replicas, the use per pod in thousandths, and in percent of the request where that is asked."""

    replicas: int
    average: int
    utilization: int | None = None


class _Use(NamedTuple):
    ratio: float
    average: int
    utilization: int | None


def by_utilization(
    current: int,
    target: int,
    samples: Samples,
    groups: Groups,
    requests: Mapping[str, int],
    tolerance: Tolerance,
) -> Proposal:
    """For a target in percent of what pods request. Raises MetricsError."""

    def measure(values: Samples) -> _Use:
        known = [name for name in values if name in requests]
        total, requested = sum(values[n].value for n in known), sum(requests[n] for n in known)
        if not requested:
            raise MetricsError("no metrics returned matched known pods")
        utilization = total * 100 // requested
        return _Use(utilization / target, total // len(known), utilization)

    def assumed(name: str) -> int:
        return requests[name] * max(100, target) // 100

    return _settle(current, samples, groups, tolerance, measure, assumed)


def by_average(current: int, target: int, samples: Samples, groups: Groups, tolerance: Tolerance) -> Proposal:
    """For a target in thousandths per pod. Raises MetricsError."""

    def measure(values: Samples) -> _Use:
        average = sum(sample.value for sample in values.values()) // len(values)
        return _Use(average / target, average, None)

    return _settle(current, samples, groups, tolerance, measure, lambda _: target)


def _settle(
    current: int,
    samples: Samples,
    groups: Groups,
    tolerance: Tolerance,
    measure: Callable[[Samples], _Use],
    assumed: Callable[[str], int],
) -> Proposal:
    """Pods without a number count against the change: as busy on the way down, as idle on the way up."""
    left_out = groups.ignored | groups.unready
    values = {name: sample for name, sample in samples.items() if name not in left_out}
    if not values:
        raise MetricsError("did not receive metrics for targeted pods (pods might be unready)")
    use = measure(values)
    stay = Proposal(current, use.average, use.utilization)
    growing = use.ratio > 1.0
    if not (groups.unready and growing) and not groups.missing:
        wanted = current if tolerance.covers(use.ratio) else math.ceil(use.ratio * groups.ready)
        return stay._replace(replicas=wanted)
    if growing:
        values |= dict.fromkeys(groups.missing | groups.unready, Sample(0))
    elif use.ratio < 1.0:
        values |= {name: Sample(assumed(name)) for name in groups.missing}
    ratio = measure(values).ratio
    if tolerance.covers(ratio) or (use.ratio - 1.0) * (ratio - 1.0) < 0:
        return stay
    wanted = math.ceil(ratio * len(values))
    return stay if (ratio - 1.0) * (wanted - current) < 0 else stay._replace(replicas=wanted)


def by_total(current: int, target: int, usage: int, pods: Sequence[Object], tolerance: Tolerance) -> Proposal:
    """For a target value of something that is not a pod's own. Raises MetricsError."""
    ratio = usage / target
    if current == 0:
        return Proposal(math.ceil(ratio), usage)
    if tolerance.covers(ratio):
        return Proposal(current, usage)
    if not pods:
        why = "no pods returned by selector while calculating replica count"
        raise MetricsError(f"unable to calculate ready pods: {why}")
    return Proposal(min(math.ceil(ratio * ready_pods(pods)), _LARGEST), usage)


def per_pod(current: int, target: int, usage: int, tolerance: Tolerance) -> Proposal:
    """For a value that is to be shared among the pods, `target` each; `current` pods share it now."""
    replicas, average = current, usage
    if not current or not tolerance.covers(usage / (target * current)):
        replicas = min(math.ceil(usage / target), _LARGEST)
    if current:
        average = math.ceil(usage / current)
    return Proposal(replicas, average)
