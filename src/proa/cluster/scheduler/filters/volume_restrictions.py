"""A claim with ReadWriteOncePod is used by one pod at a time."""

from __future__ import annotations

from proa.cluster.scheduler.cluster import Cluster
from proa.cluster.scheduler.filters.base import NodeCheck, Refusal
from proa.cluster.scheduler.pod import PodInfo

_WHY = (
    "node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode"
    " already in-use by another pod"
)
_IN_USE = Refusal((_WHY,), curable=True)


def prepare(pod: PodInfo, cluster: Cluster) -> NodeCheck | None:
    """Refuses every node while another placed pod uses such a claim of this pod."""
    for name in pod.claims:
        key = f"{pod.namespace}/{name}"
        users = cluster.claim_users.get(key, set()) - {pod.uid}
        claim = cluster.volumes.claim(key) if users else None
        if claim is not None and "ReadWriteOncePod" in (claim["spec"].get("accessModes") or ()):
            return lambda node: _IN_USE  # noqa: ARG005 - the same on every node
    return None
