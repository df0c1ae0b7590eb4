"""Taints with the effects NoSchedule and NoExecute keep out pods that do not tolerate them."""

from __future__ import annotations

from proa.cluster.scheduler.cluster import Cluster
from proa.cluster.scheduler.filters.base import FITS, NodeCheck, Reasons
from proa.cluster.scheduler.node import NodeInfo
from proa.cluster.scheduler.pod import PodInfo
from proa.cluster.tolerations import untolerated

HARD = frozenset({"NoSchedule", "NoExecute"})


def prepare(pod: PodInfo, cluster: Cluster) -> NodeCheck | None:  # noqa: ARG001 - one shape for all filters
    """Concerns every pod."""
    tolerations = pod.spec.get("tolerations") or ()

    def check(node: NodeInfo) -> Reasons:
        taint = untolerated(node.taints, tolerations, HARD) if node.taints else None
        if taint is None:
            return FITS
        return (f"node(s) had untolerated taint {{{taint['key']}: {taint.get('value') or ''}}}",)

    return check
