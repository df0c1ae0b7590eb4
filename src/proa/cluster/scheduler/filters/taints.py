"""Taints with the effects NoSchedule and NoExecute keep out pods that do not tolerate them."""

from __future__ import annotations

from proa.cluster.scheduler.cluster import Cluster
from proa.cluster.scheduler.filters.base import NodeCheck, Refusal
from proa.cluster.scheduler.node import NodeInfo
from proa.cluster.scheduler.pod import PodInfo
from proa.cluster.tolerations import untolerated

HARD = frozenset({"NoSchedule", "NoExecute"})
_REFUSED = Refusal(("node(s) had untolerated taint(s)",))


def prepare(pod: PodInfo, cluster: Cluster) -> NodeCheck | None:  # noqa: ARG001 - one shape for all filters
    """Concerns every pod."""
    return check_of(pod)


def check_of(pod: PodInfo) -> NodeCheck:
    """Asks a node whether the pod tolerates it."""
    tolerations = pod.spec.get("tolerations") or ()

    def check(node: NodeInfo) -> Refusal | None:
        return _REFUSED if node.taints and untolerated(node.taints, tolerations, HARD) else None

    return check
