"""Volumes reach the node: a bound volume's affinity admits it, an unbound claim can be served there."""

from __future__ import annotations

from proa.cluster.scheduler.cluster import Cluster
from proa.cluster.scheduler.errors import UnschedulableError
from proa.cluster.scheduler.filters.base import NodeCheck, Refusal
from proa.cluster.scheduler.node import NodeInfo
from proa.cluster.scheduler.pod import PodInfo
from proa.cluster.scheduler.volume_plan import plan, unbound_claims
from proa.cluster.volumes import is_bound, reaches
from proa.kube import Object, is_deleting

_NODE_CONFLICT = "node(s) didn't match PersistentVolume's node affinity"
_NO_VOLUME = "node(s) didn't find available persistent volumes to bind"


def prepare(pod: PodInfo, cluster: Cluster) -> NodeCheck | None:
    """Concerns pods with claims. Raises UnschedulableError when a claim alone forbids every node."""
    if not pod.claims:
        return None
    claims = [_usable(pod, name, cluster) for name in pod.claims]
    unbound = unbound_claims(claims, cluster)
    bound = [v for c in claims if is_bound(c) and (v := cluster.volumes.volume(c["spec"]["volumeName"]))]

    def check(node: NodeInfo) -> Refusal | None:
        reasons = []
        if not all(reaches(volume, node.labels, node.name) for volume in bound):
            reasons.append(_NODE_CONFLICT)
        if plan(unbound, node, cluster) is None:
            reasons.append(_NO_VOLUME)
        return Refusal(tuple(reasons)) if reasons else None

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
