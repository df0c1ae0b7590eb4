"""spec.nodeSelector and required node affinity."""

from __future__ import annotations

from proa.cluster.scheduler.cluster import Cluster
from proa.cluster.scheduler.filters.base import FITS, NodeCheck, Reasons
from proa.cluster.scheduler.node import NodeInfo
from proa.cluster.scheduler.pod import PodInfo
from proa.kube.selectors import node_selector

_REFUSED = ("node(s) didn't match Pod's node affinity/selector",)


def prepare(pod: PodInfo, cluster: Cluster) -> NodeCheck | None:  # noqa: ARG001 - one shape for all filters
    """Concerns pods with either."""
    labels = pod.spec.get("nodeSelector") or {}
    affinity = (pod.spec.get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
    if not labels and required is None:
        return None
    admits = node_selector(required) if required is not None else None

    def check(node: NodeInfo) -> Reasons:
        if any(node.labels.get(key) != value for key, value in labels.items()):
            return _REFUSED
        return FITS if admits is None or admits(node.labels, node.name) else _REFUSED

    return check
