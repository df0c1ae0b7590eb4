"""Prefers the node that keeps most cpu and memory free."""

from __future__ import annotations

from collections.abc import Sequence

from proa.cluster.scheduler.cluster import Cluster
from proa.cluster.scheduler.node import NodeInfo
from proa.cluster.scheduler.pod import PodInfo
from proa.cluster.scheduler.scores.base import HIGHEST
from proa.cluster.scheduler.scores.usage import fractions_used


def rate(pod: PodInfo, nodes: Sequence[NodeInfo], cluster: Cluster) -> Sequence[float]:  # noqa: ARG001
    """The mean of what stays free."""
    return [HIGHEST * (1 - sum(used := fractions_used(pod, node)) / len(used)) for node in nodes]
