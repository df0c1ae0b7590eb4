"""Spreads the pods of one controller over the nodes, as upstream's default constraints do."""

from __future__ import annotations

from collections.abc import Sequence

from proa.cluster.scheduler.cluster import Cluster
from proa.cluster.scheduler.node import NodeInfo
from proa.cluster.scheduler.pod import PodInfo
from proa.cluster.scheduler.scores.base import fewer_is_better


def rate(pod: PodInfo, nodes: Sequence[NodeInfo], cluster: Cluster) -> Sequence[float] | None:  # noqa: ARG001
    """By the pods on the node that the same ReplicaSet, StatefulSet or Job owns."""
    if not pod.owner_uid or pod.spec.get("topologySpreadConstraints"):
        return None
    return fewer_is_better([sum(p.owner_uid == pod.owner_uid for p in n.pods.values()) for n in nodes])
