"""cpu, memory, ephemeral storage, extended resources and the number of pods."""

from __future__ import annotations

from proa.cluster.scheduler.cluster import Cluster
from proa.cluster.scheduler.filters.base import NodeCheck, Refusal
from proa.cluster.scheduler.node import NodeInfo
from proa.cluster.scheduler.pod import PodInfo


def prepare(pod: PodInfo, cluster: Cluster) -> NodeCheck | None:  # noqa: ARG001 - one shape for all filters
    """Concerns every pod: each counts as one."""
    wanted = tuple((name, amount) for name, amount in pod.requests.items() if amount)

    def check(node: NodeInfo) -> Refusal | None:
        has, used = node.allocatable, node.requested
        short = [(name, amount) for name, amount in wanted if amount > has.get(name, 0) - used.get(name, 0)]
        reasons = [f"Insufficient {name}" for name, _ in short]
        if len(node.pods) + 1 > has.get("pods", 0):
            reasons.insert(0, "Too many pods")
        if not reasons:
            return None
        return Refusal(tuple(reasons), curable=all(amount <= has.get(name, 0) for name, amount in short))

    return check
