"""Preferred node affinity."""

from __future__ import annotations

from collections.abc import Sequence

from proa.cluster.scheduler.cluster import Cluster
from proa.cluster.scheduler.node import NodeInfo
from proa.cluster.scheduler.pod import PodInfo
from proa.cluster.scheduler.scores.base import more_is_better
from proa.kube.selectors import node_selector


def rate(pod: PodInfo, nodes: Sequence[NodeInfo], cluster: Cluster) -> Sequence[float] | None:  # noqa: ARG001
    """By the summed weights of the terms that a node fulfils."""
    affinity = (pod.spec.get("affinity") or {}).get("nodeAffinity") or {}
    preferred = affinity.get("preferredDuringSchedulingIgnoredDuringExecution")
    if not preferred:
        return None
    terms = [(p["weight"], node_selector({"nodeSelectorTerms": [p["preference"]]})) for p in preferred]
    return more_is_better([sum(w for w, admits in terms if admits(n.labels, n.name)) for n in nodes])
