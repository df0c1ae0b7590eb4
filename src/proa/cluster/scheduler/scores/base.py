"""The shape of a score: every fit node gets 0 to 100, or None when the score has no opinion."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from proa.cluster.scheduler.cluster import Cluster
from proa.cluster.scheduler.node import NodeInfo
from proa.cluster.scheduler.pod import PodInfo

HIGHEST = 100.0

Rate = Callable[[PodInfo, Sequence[NodeInfo], Cluster], Sequence[float] | None]


@dataclass(frozen=True)
class Score:
    """A registered score and how much it counts."""

    name: str
    weight: int
    rate: Rate


def fewer_is_better(counts: Sequence[float]) -> Sequence[float] | None:
    """100 for the smallest, 0 for the largest; None when all are equal."""
    low, high = min(counts), max(counts)
    return None if low == high else [HIGHEST * (high - count) / (high - low) for count in counts]


def more_is_better(counts: Sequence[float]) -> Sequence[float] | None:
    """100 for the largest, 0 for the smallest; None when all are equal."""
    return fewer_is_better([-count for count in counts])
