"""Avoids nodes with PreferNoSchedule taints that the pod does not tolerate."""

from __future__ import annotations

from collections.abc import Sequence

from proa.cluster.scheduler.cluster import Cluster
from proa.cluster.scheduler.node import NodeInfo
from proa.cluster.scheduler.pod import PodInfo
from proa.cluster.scheduler.scores.base import fewer_is_better
from proa.cluster.tolerations import tolerated


def rate(pod: PodInfo, nodes: Sequence[NodeInfo], cluster: Cluster) -> Sequence[float] | None:  # noqa: ARG001
    """By the number of such taints."""
    tolerations = pod.spec.get("tolerations") or ()
    return fewer_is_better(
        [
            sum(t["effect"] == "PreferNoSchedule" and not tolerated(t, tolerations) for t in node.taints)
            for node in nodes
        ]
    )
