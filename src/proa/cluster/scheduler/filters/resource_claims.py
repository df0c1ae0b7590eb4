"""Devices by claim (dynamic resource allocation): nothing here gives them, so such a pod goes nowhere."""

from __future__ import annotations

from proa.cluster.scheduler.cluster import Cluster
from proa.cluster.scheduler.errors import UnschedulableError
from proa.cluster.scheduler.filters.base import NodeCheck
from proa.cluster.scheduler.pod import PodInfo


def prepare(pod: PodInfo, cluster: Cluster) -> NodeCheck | None:  # noqa: ARG001 - one shape for all filters
    """Concerns pods with claims of resources. Raises UnschedulableError."""
    claims = ", ".join(claim["name"] for claim in pod.spec.get("resourceClaims") or ())
    if claims:
        raise UnschedulableError(f"resource claims ({claims}) are not allocated in this cluster")
    return None
