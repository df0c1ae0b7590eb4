"""Where a pod goes, or why it goes nowhere: a pure function of the pod and the cluster."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from proa.cluster.scheduler.cluster import Cluster
from proa.cluster.scheduler.errors import UnschedulableError
from proa.cluster.scheduler.filters import FILTERS, Change, NodeCheck, Refusal, node_affinity
from proa.cluster.scheduler.node import NodeInfo
from proa.cluster.scheduler.pod import PodInfo
from proa.cluster.scheduler.scores import SCORES

_ANY_CHANGE = frozenset(Change)


_UNNAMED = Refusal(("node(s) didn't satisfy plugin(s) [NodeAffinity]",))


@dataclass(frozen=True)
class Decision:
    """The chosen node, or the refusals by node, and the changes after which to ask again.

    Where the pod itself is the reason, and no node was asked, there are no refusals.
    """

    node: str = ""
    message: str = ""
    refusals: Mapping[str, Refusal] = field(default_factory=dict)
    changes: frozenset[Change] = _ANY_CHANGE


def decide(pod: PodInfo, cluster: Cluster) -> Decision:
    """Filter, score, choose; the fewest pods and then the name decide between equal scores."""
    nodes = cluster.nodes
    if not nodes:
        return Decision(message="no nodes available to schedule pods")
    checks: list[tuple[NodeCheck, frozenset[Change]]] = []
    for each in FILTERS:
        try:
            check = each.prepare(pod, cluster)
        except UnschedulableError as why:
            return Decision(message=unavailable(len(nodes), str(why)), changes=each.changes)
        if check is not None:
            checks.append((check, each.changes))
    return _choose(pod, nodes, checks, cluster)


def refused(pod: PodInfo, node: NodeInfo, cluster: Cluster) -> Refusal | None:
    """Why a node could not take the pod as the cluster is now; None when it could."""
    try:
        checks = [each.prepare(pod, cluster) for each in FILTERS]
    except UnschedulableError as why:
        return Refusal((str(why),))
    return next((refusal for check in checks if check is not None and (refusal := check(node))), None)


def _choose(
    pod: PodInfo,
    nodes: Sequence[NodeInfo],
    checks: Sequence[tuple[NodeCheck, frozenset[Change]]],
    cluster: Cluster,
) -> Decision:
    fit: list[NodeInfo] = []
    refusals: dict[str, Refusal] = {}
    changes: set[Change] = {Change.NODE}
    named = node_affinity.named(pod)
    for node in nodes:
        if named is not None and node.name not in named:
            refusals[node.name] = _UNNAMED
            continue
        for check, helpful in checks:
            if refusal := check(node):
                refusals[node.name] = refusal
                changes |= helpful
                break
        else:
            fit.append(node)
    if not fit:
        message = unavailable(len(nodes), count(refusals.values()))
        return Decision("", message, refusals, frozenset(changes))
    return Decision(best(pod, fit, cluster).name)


def best(pod: PodInfo, nodes: Sequence[NodeInfo], cluster: Cluster) -> NodeInfo:
    """The node with the highest weighted score."""
    if len(nodes) == 1:
        return nodes[0]
    totals = [0.0] * len(nodes)
    for score in SCORES:
        for index, value in enumerate(score.rate(pod, nodes, cluster) or ()):
            totals[index] += score.weight * value
    order = range(len(nodes))
    return nodes[min(order, key=lambda i: (-round(totals[i], 6), len(nodes[i].pods), nodes[i].name))]


def count(refusals: Iterable[Refusal]) -> str:
    """`1 Insufficient cpu, 2 node(s) were unschedulable`: how often each reason was given, sorted as text."""
    counts = Counter(reason for refusal in refusals for reason in refusal.reasons)
    return ", ".join(sorted(f"{number} {reason}" for reason, number in counts.items()))


def unavailable(nodes: int, why: str) -> str:
    """The sentence in which a pod is told that none of so many nodes will do."""
    return f"0/{nodes} nodes are available: {why}."
