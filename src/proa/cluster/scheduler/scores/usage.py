"""How full a node would be with the pod on it."""

from __future__ import annotations

from proa.cluster.scheduler.node import NodeInfo
from proa.cluster.scheduler.pod import PodInfo
from proa.cluster.scheduler.resources import ASSUMED


def fractions_used(pod: PodInfo, node: NodeInfo) -> list[float]:
    """Shares (0 to 1) of cpu and memory in use with the pod on the node; no request counts as a small one."""
    return [
        min(
            1.0,
            (node.expected[name] + (pod.requests.get(name) or assumed)) / (node.allocatable.get(name) or 1),
        )
        for name, assumed in ASSUMED.items()
    ]
