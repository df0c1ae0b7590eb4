"""How many pods each ReplicaSet of a Deployment should have. Pure.

Source: kubernetes.io, Deployment (rolling update, proportional scaling); upstream's rolling.go, sync.go.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Bounds:
    """What a rollout must keep to."""

    replicas: int
    surge: int
    unavailable: int

    @property
    def most(self) -> int:
        """Pods at any time."""
        return self.replicas + self.surge

    @property
    def least(self) -> int:
        """Available pods at any time."""
        return self.replicas - self.unavailable


@dataclass(frozen=True)
class Member:
    """One ReplicaSet."""

    name: str
    size: int
    """Pods that it is asked for."""
    available: int = 0
    most: int = 0
    """`Bounds.most` when it was last scaled; 0 when that is not known."""
    age: Any = 0
    """Sorts older sets first."""


Sizes = dict[str, int]
"""New sizes by name of ReplicaSet; what keeps its size is left out."""


def resolve(value: int | str | None, total: int, *, up: bool) -> int:
    """A number, or a percentage of `total` rounded up or down."""
    if isinstance(value, str) and value.endswith("%"):
        share = int(value[:-1]) * total / 100
        return math.ceil(share) if up else math.floor(share)
    return int(value or 0)


def bounds(spec: Mapping[str, Any]) -> Bounds:
    """The bounds of a Deployment's spec; of surge and unavailable at least one is above 0."""
    replicas, strategy = spec.get("replicas", 1), spec.get("strategy") or {}
    if strategy.get("type") == "Recreate":
        return Bounds(replicas, 0, 0)
    rolling = strategy.get("rollingUpdate") or {}
    surge = resolve(rolling.get("maxSurge", "25%"), replicas, up=True)
    unavailable = resolve(rolling.get("maxUnavailable", "25%"), replicas, up=False)
    return Bounds(replicas, surge, min(replicas, unavailable or (0 if surge else 1)))


def new_size(limit: Bounds, size: int, others: int) -> int:
    """The size of the newest set beside `others` pods of older ones, in a rolling update."""
    if size > limit.replicas:
        return limit.replicas
    room = limit.most - size - others
    return size + max(0, min(room, limit.replicas - size))


def rolling(limit: Bounds, new: Member, old: Sequence[Member]) -> Sizes:
    """The next step of a rolling update: the new set grows, or else old ones shrink."""
    size = new_size(limit, new.size, sum(member.size for member in old))
    if size != new.size:
        return {new.name: size}
    return _shrink(limit, new, sorted(old, key=lambda member: member.age))


def _shrink(limit: Bounds, new: Member, old: Sequence[Member]) -> Sizes:
    total = new.size + sum(member.size for member in old)
    spare = total - limit.least - (new.size - new.available)
    sizes = {member.name: member.size for member in old}
    for member in old:  # pods that do not work go first: they serve nobody
        gone = max(0, min(spare, member.size - member.available))
        sizes[member.name] -= gone
        spare -= gone
    healthy = new.available + sum(member.available for member in old) - limit.least
    spare = min(spare, healthy)
    for member in old:
        gone = max(0, min(spare, sizes[member.name]))
        sizes[member.name] -= gone
        spare -= gone
    return {member.name: sizes[member.name] for member in old if sizes[member.name] != member.size}


def scaled(limit: Bounds, new: Member | None, old: Sequence[Member], present: int) -> Sizes:
    """Sizes after the Deployment's own number changed, or while it is paused.

    `present` is the number of pods there are. Of several sets that are in use each gets its share.
    """
    members = [*([new] if new else []), *old]
    active = [member for member in members if member.size > 0]
    if len(active) <= 1:
        target = active[0] if active else new or max(old, key=lambda member: member.age, default=None)
        return {target.name: limit.replicas} if target and target.size != limit.replicas else {}
    if new and new.size == new.available == limit.replicas:
        return {member.name: 0 for member in old if member.size > 0}
    return _proportional(limit, active, present)


def _proportional(limit: Bounds, active: Sequence[Member], present: int) -> Sizes:
    change = (limit.most if limit.replicas else 0) - sum(member.size for member in active)
    newest_first = sorted(active, key=lambda member: member.age, reverse=change > 0)
    order = sorted(newest_first, key=lambda member: -member.size)
    sizes, left = {}, change
    for member in order:
        share = _share(limit, member, present)
        part = min(max(share, 0), left) if change > 0 else max(min(share, 0), left)
        sizes[member.name] = member.size + part
        left -= part
    sizes[order[0].name] = max(0, sizes[order[0].name] + left)
    return {member.name: sizes[member.name] for member in order if sizes[member.name] != member.size}


def _share(limit: Bounds, member: Member, present: int) -> int:
    """By how much the set grows when it keeps its share of all."""
    if limit.replicas == 0:
        return -member.size
    before = member.most or present
    return round_half_up(member.size * limit.most / before) - member.size if before else 0


def round_half_up(number: float) -> int:
    """As Go's math.Round does for what is not negative."""
    return math.floor(number + 0.5)
