"""Prefers the node on which cpu and memory fill evenly."""

from __future__ import annotations

from collections.abc import Sequence

from proa.cluster.scheduler.cluster import Cluster
from proa.cluster.scheduler.node import NodeInfo
from proa.cluster.scheduler.pod import PodInfo
from proa.cluster.scheduler.scores.base import HIGHEST
from proa.cluster.scheduler.scores.usage import fractions_used


def rate(pod: PodInfo, nodes: Sequence[NodeInfo], cluster: Cluster) -> Sequence[float]:  # noqa: ARG001
    """100 for equal use, less by half the difference (the standard deviation of two values)."""
    return [HIGHEST * (1 - (max(used := fractions_used(pod, node)) - min(used)) / 2) for node in nodes]
