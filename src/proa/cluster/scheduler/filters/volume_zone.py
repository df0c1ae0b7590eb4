"""A bound volume that is labelled with a zone or region is used from there only.

On nodes without any such label it is used too. Several zones are joined by `__`.
Source: kube-scheduler, plugin VolumeZone; kubernetes.io, reference/labels-annotations-taints.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from proa.cluster.scheduler.cluster import Cluster
from proa.cluster.scheduler.errors import UnschedulableError
from proa.cluster.scheduler.filters.base import NodeCheck, Refusal
from proa.cluster.scheduler.node import NodeInfo
from proa.cluster.scheduler.pod import PodInfo
from proa.kube import labels_of

_ZONE, _REGION = "topology.kubernetes.io/zone", "topology.kubernetes.io/region"
_OLDER = {
    "failure-domain.beta.kubernetes.io/zone": _ZONE,
    "failure-domain.beta.kubernetes.io/region": _REGION,
}
_LABELS = (_ZONE, _REGION, *_OLDER)
_REFUSED = Refusal(("node(s) had no available volume zone",))


def prepare(pod: PodInfo, cluster: Cluster) -> NodeCheck | None:
    """Concerns pods whose volumes are labelled so. Raises UnschedulableError for a volume that is gone."""
    wanted = [pair for name in pod.claims for pair in _places(f"{pod.namespace}/{name}", cluster)]
    if not wanted:
        return None

    def check(node: NodeInfo) -> Refusal | None:
        if not any(label in node.labels for label in _LABELS):
            return None
        return None if all(_of(node.labels, key) in values for key, values in wanted) else _REFUSED

    return check


def _of(labels: Mapping[str, str], key: str) -> str | None:
    return labels.get(key, labels.get(_OLDER.get(key, key)))


def _places(claim_key: str, cluster: Cluster) -> Iterable[tuple[str, frozenset[str]]]:
    claim = cluster.volumes.claim(claim_key)
    name = claim["spec"].get("volumeName") if claim is not None else None
    if not name:
        return []
    volume = cluster.volumes.volume(name)
    if volume is None:
        raise UnschedulableError(f'persistentvolume "{name}" not found')
    labels = labels_of(volume)
    return [(key, frozenset(labels[key].split("__"))) for key in _LABELS if key in labels]
