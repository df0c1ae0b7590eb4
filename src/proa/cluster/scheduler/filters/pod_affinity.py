"""Required pod affinity and anti-affinity, also that of pods which are already placed.

A term groups nodes by a label; the pods that it matches make their group of nodes wanted
(affinity) or forbidden (anti-affinity). Source: kubernetes.io, assign-pod-node.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from proa.cluster.scheduler.affinity import PodTerm
from proa.cluster.scheduler.cluster import Cluster
from proa.cluster.scheduler.filters.base import NodeCheck, Refusal
from proa.cluster.scheduler.node import NodeInfo
from proa.cluster.scheduler.pod import PodInfo

Groups = frozenset[tuple[str, str]]

_NO_AFFINITY = Refusal(("node(s) didn't match pod affinity rules",))
_REPELLED = Refusal(("node(s) didn't match pod anti-affinity rules",), curable=True)
_REPELLED_BY_OTHERS = Refusal(("node(s) didn't satisfy existing pods anti-affinity rules",), curable=True)


def prepare(pod: PodInfo, cluster: Cluster) -> NodeCheck | None:
    """Concerns pods with such terms, and pods that a placed pod's anti-affinity matches."""
    forbidden_by_others = frozenset(_repelled(pod, cluster))
    if not (pod.affinity or pod.anti_affinity or forbidden_by_others):
        return None
    wanted = _wanted(pod.affinity, cluster)
    forbidden = frozenset[tuple[str, str]]().union(*(groups_of(term, cluster) for term in pod.anti_affinity))
    # The first pod of a set that wants to be together has nobody to join: it may start the group.
    founds = not any(wanted) and _matches_all(pod.affinity, pod, cluster)

    def check(node: NodeInfo) -> Refusal | None:
        for term, groups in zip(pod.affinity, wanted, strict=True):
            group = _group(term.topology_key, node)
            if group is None or (group not in groups and not founds):
                return _NO_AFFINITY
        if _inside(forbidden, node):
            return _REPELLED
        return _REPELLED_BY_OTHERS if _inside(forbidden_by_others, node) else None

    return check


def groups_of(term: PodTerm, cluster: Cluster) -> Groups:
    """The (label, value) groups of nodes in which a pod that the term matches is placed."""
    return frozenset(
        group
        for node in cluster.nodes
        if (group := _group(term.topology_key, node)) is not None
        and any(_matches(term, placed, cluster) for placed in node.pods.values())
    )


def _wanted(terms: Sequence[PodTerm], cluster: Cluster) -> list[Groups]:
    """For each term, the groups of nodes in which a pod is placed that all the terms match."""
    if not terms:
        return []
    nodes = [
        node
        for node in cluster.nodes
        if any(_matches_all(terms, placed, cluster) for placed in node.pods.values())
    ]
    return [frozenset(g for node in nodes if (g := _group(t.topology_key, node))) for t in terms]


def _matches_all(terms: Sequence[PodTerm], pod: PodInfo, cluster: Cluster) -> bool:
    return all(_matches(term, pod, cluster) for term in terms)


def _repelled(pod: PodInfo, cluster: Cluster) -> Iterable[tuple[str, str]]:
    for placed in cluster.repelling.values():
        node = cluster.node_of(placed.uid)
        for term in placed.anti_affinity:
            group = _group(term.topology_key, node)
            if group is not None and _matches(term, pod, cluster):
                yield group


def _matches(term: PodTerm, pod: PodInfo, cluster: Cluster) -> bool:
    return term.matches(pod.namespace, pod.labels, cluster.namespace_labels)


def _group(key: str, node: NodeInfo) -> tuple[str, str] | None:
    value = node.labels.get(key)
    return None if value is None else (key, value)


def _inside(groups: Groups, node: NodeInfo) -> bool:
    return any(node.labels.get(key) == value for key, value in groups)
