"""Where a pod goes, or why it goes nowhere: a pure function of the pod and the cluster."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from proa.cluster.scheduler.cluster import Cluster
from proa.cluster.scheduler.errors import UnschedulableError
from proa.cluster.scheduler.filters import FILTERS, Change, NodeCheck, Reasons
from proa.cluster.scheduler.node import NodeInfo
from proa.cluster.scheduler.pod import PodInfo
from proa.cluster.scheduler.scores import SCORES

_ANY_CHANGE = frozenset(Change)


@dataclass(frozen=True)
class Decision:
    """The chosen node, or the reasons by node, and the changes after which to ask again."""

    node: str = ""
    message: str = ""
    reasons: Mapping[str, Reasons] = field(default_factory=dict)
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
        except UnschedulableError as refusal:
            return Decision(message=_unavailable(len(nodes), str(refusal)), changes=each.changes)
        if check is not None:
            checks.append((check, each.changes))
    return _choose(pod, nodes, checks, cluster)


def fits(pod: PodInfo, node: NodeInfo, cluster: Cluster) -> bool:
    """Whether a node could take the pod as the cluster is now."""
    try:
        checks = [each.prepare(pod, cluster) for each in FILTERS]
    except UnschedulableError:
        return False
    return not any(check(node) for check in checks if check is not None)


def _choose(
    pod: PodInfo,
    nodes: Sequence[NodeInfo],
    checks: Sequence[tuple[NodeCheck, frozenset[Change]]],
    cluster: Cluster,
) -> Decision:
    fit: list[NodeInfo] = []
    refused: dict[str, Reasons] = {}
    changes: set[Change] = set()
    for node in nodes:
        for check, helpful in checks:
            if reasons := check(node):
                refused[node.name] = reasons
                changes |= helpful
                break
        else:
            fit.append(node)
    if not fit:
        return Decision("", _unavailable(len(nodes), count(refused.values())), refused, frozenset(changes))
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


def count(refusals: Iterable[Reasons]) -> str:
    """`1 Insufficient cpu, 2 node(s) were unschedulable`: how often each reason was given, sorted as text."""
    counts = Counter(reason for reasons in refusals for reason in reasons)
    return ", ".join(sorted(f"{number} {reason}" for reason, number in counts.items()))


def _unavailable(nodes: int, why: str) -> str:
    return f"0/{nodes} nodes are available: {why}."
