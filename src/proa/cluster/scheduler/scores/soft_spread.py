"""Topology spread constraints with ScheduleAnyway."""

from __future__ import annotations

from collections.abc import Sequence

from proa.cluster.scheduler.cluster import Cluster
from proa.cluster.scheduler.filters.topology_spread import constraints_of, domain_counts
from proa.cluster.scheduler.node import NodeInfo
from proa.cluster.scheduler.pod import PodInfo
from proa.cluster.scheduler.scores.base import fewer_is_better


def rate(pod: PodInfo, nodes: Sequence[NodeInfo], cluster: Cluster) -> Sequence[float] | None:
    """By the matching pods in a node's domains; a node without the label counts as the fullest domain."""
    soft = constraints_of(pod, "ScheduleAnyway")
    if not soft:
        return None
    totals = [0.0] * len(nodes)
    for constraint in soft:
        counts = domain_counts(constraint, pod, cluster.nodes)
        worst = max(counts.values(), default=0) + 1
        for index, node in enumerate(nodes):
            totals[index] += counts.get(node.labels.get(constraint["topologyKey"], ""), worst)
    return fewer_is_better(totals)
