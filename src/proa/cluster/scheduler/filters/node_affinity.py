"""spec.nodeSelector and required node affinity."""

from __future__ import annotations

from proa.cluster.scheduler.cluster import Cluster
from proa.cluster.scheduler.errors import UnschedulableError
from proa.cluster.scheduler.filters.base import NodeCheck, Refusal
from proa.cluster.scheduler.node import NodeInfo
from proa.cluster.scheduler.pod import PodInfo
from proa.kube import Object
from proa.kube.selectors import node_selector

_CONFLICT = "pod affinity terms conflict"
_REFUSED = Refusal(("node(s) didn't match Pod's node affinity/selector",))


def prepare(pod: PodInfo, cluster: Cluster) -> NodeCheck | None:  # noqa: ARG001 - one shape for all filters
    """Concerns pods with either. Raises UnschedulableError when the names that are wanted contradict."""
    if named(pod) == set():
        raise UnschedulableError(_CONFLICT)
    return check_of(pod)


def named(pod: PodInfo) -> set[str] | None:
    """The nodes that the pod's affinity names; None when it may be others too."""
    names: set[str] = set()
    for term in _required(pod).get("nodeSelectorTerms") or ():
        fields = [
            frozenset(field["values"])
            for field in term.get("matchFields") or ()
            if field["key"] == "metadata.name" and field["operator"] == "In"
        ]
        if not fields:
            return None
        names |= frozenset.intersection(*fields)
    return names if _required(pod).get("nodeSelectorTerms") else None


def check_of(pod: PodInfo) -> NodeCheck | None:
    """Asks a node whether the pod wants to be there; None when it wants to be anywhere."""
    labels = pod.spec.get("nodeSelector") or {}
    required = _required(pod)
    if not labels and not required:
        return None
    admits = node_selector(required) if required else None

    def check(node: NodeInfo) -> Refusal | None:
        if any(node.labels.get(key) != value for key, value in labels.items()):
            return _REFUSED
        return None if admits is None or admits(node.labels, node.name) else _REFUSED

    return check


def _required(pod: PodInfo) -> Object:
    affinity = (pod.spec.get("affinity") or {}).get("nodeAffinity") or {}
    return affinity.get("requiredDuringSchedulingIgnoredDuringExecution") or {}
