"""A cordoned node takes only pods that tolerate node.kubernetes.io/unschedulable."""

from __future__ import annotations

from proa.cluster.scheduler.cluster import Cluster
from proa.cluster.scheduler.filters.base import NodeCheck, Refusal
from proa.cluster.scheduler.node import NodeInfo
from proa.cluster.scheduler.pod import PodInfo
from proa.cluster.tolerations import tolerated

_TAINT = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}
_REFUSED = Refusal(("node(s) were unschedulable",))


def prepare(pod: PodInfo, cluster: Cluster) -> NodeCheck | None:  # noqa: ARG001 - one shape for all filters
    """Concerns pods without that toleration."""
    if tolerated(_TAINT, pod.spec.get("tolerations") or ()):
        return None

    def check(node: NodeInfo) -> Refusal | None:
        return _REFUSED if node.unschedulable else None

    return check
