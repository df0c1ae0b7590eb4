"""What must happen to a pod's unbound claims so that it can run on a node.

A claim whose class waits for its first consumer is served on the chosen node either by an
existing volume (the scheduler reserves it) or by a new one (the class's provisioner makes it).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from proa.cluster.scheduler.cluster import Cluster
from proa.cluster.scheduler.errors import UnschedulableError
from proa.cluster.scheduler.node import NodeInfo
from proa.cluster.volumes import (
    NO_PROVISIONER,
    SELECTED_NODE,
    Reference,
    best_match,
    class_of,
    is_bound,
    reaches,
    reference_to,
    waits_for_consumer,
)
from proa.kube import Object, annotations_of, key_of


@dataclass(frozen=True)
class VolumePlan:
    """Volumes to reserve for claims, and claims to have provisioned on the node."""

    reserve: tuple[tuple[Object, Object], ...] = ()
    provision: tuple[Object, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is to be done."""
        return not (self.reserve or self.provision)


def unbound_claims(claims: Iterable[Object], cluster: Cluster) -> list[Object]:
    """The claims that wait for a node.

    Raises UnschedulableError when one is to be bound before any pod is placed.
    """
    unbound = [claim for claim in claims if not is_bound(claim)]
    for claim in unbound:
        waits = waits_for_consumer(cluster.volumes.storage_class(class_of(claim)))
        if claim["spec"].get("volumeName") or not waits:
            raise UnschedulableError("pod has unbound immediate PersistentVolumeClaims")
    return unbound


def plan(claims: Sequence[Object], node: NodeInfo, cluster: Cluster) -> VolumePlan | None:
    """How to serve the claims on this node; None when one cannot be."""
    reserve: list[tuple[Object, Object]] = []
    provision: list[Object] = []
    for claim in sorted(claims, key=key_of):
        chosen = selected_node(claim, cluster)
        volume = (
            None if chosen else _existing(claim, node, cluster, {v["metadata"]["name"] for v, _ in reserve})
        )
        if volume is not None:
            reserve.append((volume, claim))
        elif chosen in ("", node.name) and _provisionable(claim, node, cluster):
            provision.append(claim)
        else:
            return None
    return VolumePlan(tuple(reserve), tuple(provision))


def selected_node(claim: Object, cluster: Cluster) -> str:
    """The node on which the claim is already being provisioned; empty for none."""
    return cluster.assumed_claims.get(key_of(claim)) or annotations_of(claim).get(SELECTED_NODE, "")


def _existing(claim: Object, node: NodeInfo, cluster: Cluster, taken: set[str]) -> Object | None:
    key = key_of(claim)
    candidates = (
        volume
        for volume in cluster.volumes.volumes(class_of(claim))
        if volume["metadata"]["name"] not in taken
        and cluster.assumed_volumes.get(volume["metadata"]["name"], key) == key
        and (reaches(volume, node.labels, node.name) or reference_to(volume, claim) is Reference.OURS)
    )
    best = best_match(claim, candidates)
    return best if best is not None and reaches(best, node.labels, node.name) else None


def _provisionable(claim: Object, node: NodeInfo, cluster: Cluster) -> bool:
    storage_class = cluster.volumes.storage_class(class_of(claim))
    if storage_class is None or storage_class["provisioner"] in ("", NO_PROVISIONER):
        return False
    topologies = storage_class.get("allowedTopologies") or ()
    return not topologies or any(_admits(term, node) for term in topologies)


def _admits(term: Object, node: NodeInfo) -> bool:
    expressions = term.get("matchLabelExpressions") or ()
    return all(node.labels.get(e["key"]) in e["values"] for e in expressions)
