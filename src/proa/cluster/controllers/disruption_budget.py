"""What a PodDisruptionBudget allows. Pure.

Source: policy/v1 PodDisruptionBudget; upstream's disruption.go.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from proa.cluster.controllers.pod_health import is_ready
from proa.cluster.controllers.rollout import resolve
from proa.kube import Object, find_condition, is_deleting, parse_time, with_condition

DISRUPTION_TIMEOUT = 120.0
"""Seconds after which a pod that was evicted and is still there counts as present again."""
_ALLOWED = "DisruptionAllowed"


class Numbers(NamedTuple):
    """Pods that there should be, and that must stay healthy."""

    expected: int
    desired: int


def needs_scale(budget: Object) -> bool:
    """Whether the numbers depend on how many pods the owners want, and not on those that are there."""
    spec = budget["spec"]
    return spec.get("maxUnavailable") is not None or isinstance(spec.get("minAvailable"), str)


def numbers(budget: Object, pods: int, scale: int) -> Numbers:
    """`pods` are there, `scale` are wanted by their owners together."""
    spec = budget["spec"]
    if (most := spec.get("maxUnavailable")) is not None:
        return Numbers(scale, max(0, scale - resolve(most, scale, up=True)))
    least = spec.get("minAvailable", 0)
    expected = scale if isinstance(least, str) else pods
    return Numbers(expected, resolve(least, expected, up=True))


def disrupted(
    budget: Object, pods: Iterable[Object], now: dt.datetime
) -> tuple[dict[str, str], list[Object]]:
    """Evicted pods that are not deleted yet, with the time; and those that should have been by now."""
    noted: Mapping[str, str] = (budget.get("status") or {}).get("disruptedPods") or {}
    staying, late = {}, []
    for pod in pods:
        since = noted.get(pod["metadata"]["name"])
        if since is None or is_deleting(pod):
            continue
        if (now - parse_time(since)).total_seconds() < DISRUPTION_TIMEOUT:
            staying[pod["metadata"]["name"]] = since
        else:
            late.append(pod)
    return staying, late


def status(budget: Object, pods: Iterable[Object], wanted: Numbers, leaving: Mapping[str, str]) -> Object:
    """The budget's `status`; `leaving` are the evicted pods, which are not healthy any more."""
    healthy = sum(
        is_ready(pod) and not is_deleting(pod) and pod["metadata"]["name"] not in leaving for pod in pods
    )
    allowed = max(0, healthy - wanted.desired) if wanted.expected > 0 else 0
    verdict = ("SufficientPods", True) if allowed else ("InsufficientPods", False)
    result: Object = {
        "observedGeneration": budget["metadata"]["generation"],
        "disruptionsAllowed": allowed,
        "currentHealthy": healthy,
        "desiredHealthy": wanted.desired,
        "expectedPods": wanted.expected,
        "conditions": _conditions(budget, *verdict, ""),
    }
    return result | ({"disruptedPods": dict(leaving)} if leaving else {})


def failed_status(budget: Object, reason: str) -> Object:
    """Nothing is allowed while the numbers are not known."""
    before: Object = dict.fromkeys(("currentHealthy", "desiredHealthy", "expectedPods"), 0)
    before |= budget.get("status") or {}
    conditions = _conditions(budget, "SyncFailed", False, reason)
    seen = {"observedGeneration": budget["metadata"]["generation"]}
    return before | seen | {"disruptionsAllowed": 0, "conditions": conditions}


def _conditions(budget: Object, reason: str, allowed: bool, message: str) -> list[Object]:
    present = list((budget.get("status") or {}).get("conditions") or ())
    old = find_condition(budget, _ALLOWED) or {}
    generation = budget["metadata"]["generation"]
    told = (reason, message, generation)
    if (old.get("reason"), old.get("message", ""), old.get("observedGeneration")) == told:
        return present
    fresh = with_condition(present, _ALLOWED, allowed, reason, message)
    fresh[-1]["observedGeneration"] = generation
    return fresh
