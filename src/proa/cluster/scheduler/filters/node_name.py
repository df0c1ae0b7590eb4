"""A pod that names its node goes nowhere else."""

from __future__ import annotations

from proa.cluster.scheduler.cluster import Cluster
from proa.cluster.scheduler.filters.base import NodeCheck, Refusal
from proa.cluster.scheduler.node import NodeInfo
from proa.cluster.scheduler.pod import PodInfo

_REFUSED = Refusal(("node(s) didn't match the requested node name",))


def prepare(pod: PodInfo, cluster: Cluster) -> NodeCheck | None:  # noqa: ARG001 - one shape for all filters
    """Concerns pods with spec.nodeName."""
    wanted = pod.node_name
    if not wanted:
        return None

    def check(node: NodeInfo) -> Refusal | None:
        return None if node.name == wanted else _REFUSED

    return check
