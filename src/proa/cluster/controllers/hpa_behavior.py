"""How fast an autoscaler may follow its metrics: stabilisation and rates. Pure but for its memory.

Source: kubernetes pkg/controller/podautoscaler/horizontal.go; autoscaling/v2 HPAScalingRules.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

_GROWTH_FACTOR, _GROWTH_LEAST = 2.0, 4.0

Rules = dict[str, Any]


class Limit(NamedTuple):
    """A number of replicas, with the reason and message of a condition."""

    replicas: int
    reason: str
    message: str


class Outcome(NamedTuple):
    """The number to set, and whether and why it is not the one asked for."""

    replicas: int
    able: Limit
    limited: Limit
    is_limited: bool


@dataclass
class Memory:
    """What was recommended and done lately; times are seconds on a clock that never goes back."""

    downscale_window: float = 300.0
    """For how long the highest recommendation holds, where an autoscaler does not say."""
    recommendations: list[tuple[float, int]] = field(default_factory=list)
    added: list[tuple[float, int]] = field(default_factory=list)
    removed: list[tuple[float, int]] = field(default_factory=list)

    def recommend(self, now: float, replicas: int, keep: float) -> None:
        """Remember a recommendation; forget those older than `keep` seconds."""
        kept = [entry for entry in self.recommendations if entry[0] >= now - keep]
        self.recommendations = [*kept, (now, replicas)]

    def scaled(self, now: float, before: int, after: int, behavior: Rules | None) -> None:
        """Remember a change for as long as a policy counts it."""
        events = self.added if after > before else self.removed
        rules = (behavior or {}).get("scaleUp" if after > before else "scaleDown") or {}
        longest = max((policy["periodSeconds"] for policy in rules.get("policies") or ()), default=0)
        events[:] = [entry for entry in events if entry[0] >= now - longest]
        events.append((now, abs(after - before)))


_READY = "recommended size matches current size"
_DOWN_STABLE = (
    "recent recommendations were higher than current one, applying the highest recent recommendation"
)
_UP_STABLE = "recent recommendations were lower than current one, applying the lowest recent recommendation"
_WITHIN = "the desired count is within the acceptable range"
_TOO_FAST_UP = "the desired replica count is increasing faster than the maximum scale rate"
_TOO_FAST_DOWN = "the desired replica count is decreasing faster than the maximum scale rate"
_TOO_MANY = "the desired replica count is more than the maximum replica count"
_TOO_FEW = "the desired replica count is less than the minimum replica count"


def settle(
    memory: Memory, now: float, current: int, wanted: int, bounds: tuple[int, int], behavior: Rules | None
) -> Outcome:
    """What to make of a recommendation; `bounds` are the fewest and the most replicas. Remembers it."""
    if behavior is None:
        stable, able = _stable_by_default(memory, now, wanted)
        limited = _limit_by_default(current, stable, *bounds)
    else:
        stable, able = _stable(memory, now, current, wanted, behavior)
        limited = _limit(memory, now, current, stable, *bounds, behavior)
    return Outcome(limited.replicas, able, limited, limited.replicas != stable)


def _stable_by_default(memory: Memory, now: float, wanted: int) -> tuple[int, Limit]:
    recent = [count for at, count in memory.recommendations if at >= now - memory.downscale_window]
    stable = max([wanted, *recent])
    memory.recommend(now, wanted, memory.downscale_window)
    if stable != wanted:
        return stable, Limit(stable, "ScaleDownStabilized", _DOWN_STABLE)
    return stable, Limit(stable, "ReadyForNewScale", _READY)


def _stable(memory: Memory, now: float, current: int, wanted: int, behavior: Rules) -> tuple[int, Limit]:
    up = float((behavior.get("scaleUp") or {}).get("stabilizationWindowSeconds") or 0)
    seconds = (behavior.get("scaleDown") or {}).get("stabilizationWindowSeconds")
    down = memory.downscale_window if seconds is None else float(seconds)
    least = min([wanted, *(count for at, count in memory.recommendations if at > now - up)])
    most = max([wanted, *(count for at, count in memory.recommendations if at > now - down)])
    stable = min(max(current, least), most)
    memory.recommend(now, wanted, max(up, down))
    if stable == wanted:
        return stable, Limit(stable, "ReadyForNewScale", _READY)
    if wanted >= current:
        return stable, Limit(stable, "ScaleUpStabilized", _UP_STABLE)
    return stable, Limit(stable, "ScaleDownStabilized", _DOWN_STABLE)


def _limit_by_default(current: int, wanted: int, least: int, most: int) -> Limit:
    fastest = int(max(_GROWTH_FACTOR * current, _GROWTH_LEAST))
    if wanted < least:
        return Limit(least, "TooFewReplicas", _TOO_FEW)
    if wanted > min(most, fastest):
        if most > fastest:
            return Limit(fastest, "ScaleUpLimit", _TOO_FAST_UP)
        return Limit(most, "TooManyReplicas", _TOO_MANY)
    return Limit(wanted, "DesiredWithinRange", _WITHIN)


def _limit(
    memory: Memory, now: float, current: int, wanted: int, least: int, most: int, behavior: Rules
) -> Limit:
    if wanted > current:
        fastest = max(_bound(memory, now, current, behavior["scaleUp"], up=True), current)
        if wanted > min(most, fastest):
            if most > fastest:
                return Limit(fastest, "ScaleUpLimit", _TOO_FAST_UP)
            return Limit(most, "TooManyReplicas", _TOO_MANY)
    elif wanted < current:
        slowest = min(_bound(memory, now, current, behavior["scaleDown"], up=False), current)
        if wanted < max(least, slowest):
            if least < slowest:
                return Limit(slowest, "ScaleDownLimit", _TOO_FAST_DOWN)
            return Limit(least, "TooFewReplicas", _TOO_FEW)
    return Limit(wanted, "DesiredWithinRange", _WITHIN)


def _bound(memory: Memory, now: float, current: int, rules: Rules, *, up: bool) -> int:
    """How far the policies let the number go, by the one that `selectPolicy` chooses."""
    if rules.get("selectPolicy") == "Disabled":
        return current
    policies = rules.get("policies") or ()
    proposals = [_allowed(memory, now, current, policy, up=up) for policy in policies] or [current]
    widest: Callable[[list[int]], int] = max if up else min
    narrowest: Callable[[list[int]], int] = min if up else max
    return narrowest(proposals) if rules.get("selectPolicy") == "Min" else widest(proposals)


def _allowed(memory: Memory, now: float, current: int, policy: Rules, *, up: bool) -> int:
    since = now - policy["periodSeconds"]
    added = sum(count for at, count in memory.added if at > since)
    removed = sum(count for at, count in memory.removed if at > since)
    start, value = current - added + removed, policy["value"]
    if policy["type"] == "Pods":
        return int(start + value) if up else int(start - value)
    return math.ceil(start * (1 + value / 100)) if up else int(start * (1 - value / 100))
