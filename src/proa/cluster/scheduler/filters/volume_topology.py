"""Volumes reach the node: a bound volume's affinity admits it, an unbound claim can be served there."""

from __future__ import annotations

from proa.cluster.scheduler.cluster import Cluster
from proa.cluster.scheduler.errors import UnschedulableError
from proa.cluster.scheduler.filters.base import FITS, NodeCheck, Reasons
from proa.cluster.scheduler.node import NodeInfo
from proa.cluster.scheduler.pod import PodInfo
from proa.cluster.scheduler.volume_plan import plan, unbound_claims
from proa.cluster.volumes import is_bound, reaches
from proa.kube import Object, is_deleting

_NODE_CONFLICT = "node(s) didn't match PersistentVolume's node affinity"
_NO_VOLUME = "node(s) didn't find available persistent volumes to bind"
_VOLUME_MISSING = "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)"


def prepare(pod: PodInfo, cluster: Cluster) -> NodeCheck | None:
    """Concerns pods with claims. Raises UnschedulableError when a claim alone forbids every node."""
    if not pod.claims:
        return None
    claims = [_usable(pod, name, cluster) for name in pod.claims]
    unbound = unbound_claims(claims, cluster)
    bound = [cluster.volumes.volume(c["spec"]["volumeName"]) for c in claims if is_bound(c)]

    def check(node: NodeInfo) -> Reasons:
        if any(volume is None for volume in bound):
            return (_VOLUME_MISSING,)
        if not all(reaches(volume, node.labels, node.name) for volume in bound if volume is not None):
            return (_NODE_CONFLICT,)
        return FITS if plan(unbound, node, cluster) is not None else (_NO_VOLUME,)

    return check


def _usable(pod: PodInfo, name: str, cluster: Cluster) -> Object:
    claim = cluster.volumes.claim(f"{pod.namespace}/{name}")
    if claim is None:
        raise UnschedulableError(f'persistentvolumeclaim "{name}" not found')
    if is_deleting(claim):
        raise UnschedulableError(f'persistentvolumeclaim "{name}" is being deleted')
    if (claim.get("status") or {}).get("phase") == "Lost":
        volume = claim["spec"].get("volumeName") or ""
        raise UnschedulableError(
            f'persistentvolumeclaim "{name}" bound to non-existent persistentvolume "{volume}"'
        )
    return claim
