"""Preferred pod affinity and anti-affinity of the pod itself."""

from __future__ import annotations

from collections.abc import Sequence

from proa.cluster.scheduler.cluster import Cluster
from proa.cluster.scheduler.filters.pod_affinity import groups_of
from proa.cluster.scheduler.node import NodeInfo
from proa.cluster.scheduler.pod import PodInfo
from proa.cluster.scheduler.scores.base import more_is_better


def rate(pod: PodInfo, nodes: Sequence[NodeInfo], cluster: Cluster) -> Sequence[float] | None:
    """By the summed weights of the terms whose pods share the node's group."""
    if not pod.preferred:
        return None
    groups = [(p.weight, groups_of(p.term, cluster)) for p in pod.preferred]
    return more_is_better(
        [sum(w for w, group in groups if any(n.labels.get(k) == v for k, v in group)) for n in nodes]
    )
