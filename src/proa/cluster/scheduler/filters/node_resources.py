"""cpu, memory, ephemeral storage, extended resources and the number of pods."""

from __future__ import annotations

from proa.cluster.scheduler.cluster import Cluster
from proa.cluster.scheduler.filters.base import NodeCheck, Reasons
from proa.cluster.scheduler.node import NodeInfo
from proa.cluster.scheduler.pod import PodInfo


def prepare(pod: PodInfo, cluster: Cluster) -> NodeCheck | None:  # noqa: ARG001 - one shape for all filters
    """Concerns every pod: each counts as one."""
    wanted = tuple((name, amount) for name, amount in pod.requests.items() if amount)

    def check(node: NodeInfo) -> Reasons:
        reasons = [
            f"Insufficient {name}"
            for name, amount in wanted
            if amount > node.allocatable.get(name, 0) - node.requested.get(name, 0)
        ]
        if len(node.pods) + 1 > node.allocatable.get("pods", 0):
            reasons.insert(0, "Too many pods")
        return reasons

    return check
