"""Host ports are free on the node."""

from __future__ import annotations

from proa.cluster.scheduler.cluster import Cluster
from proa.cluster.scheduler.filters.base import NodeCheck, Refusal
from proa.cluster.scheduler.node import NodeInfo
from proa.cluster.scheduler.pod import PodInfo

_REFUSED = Refusal(("node(s) didn't have free ports for the requested pod ports",), curable=True)


def prepare(pod: PodInfo, cluster: Cluster) -> NodeCheck | None:  # noqa: ARG001 - one shape for all filters
    """Concerns pods with host ports."""
    if not pod.host_ports:
        return None

    def check(node: NodeInfo) -> Refusal | None:
        clash = any(wanted.clashes(taken) for wanted in pod.host_ports for taken in node.ports)
        return _REFUSED if clash else None

    return check
