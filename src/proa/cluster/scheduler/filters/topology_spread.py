"""Hard topology spread constraints: the difference between domains stays within maxSkew.

A domain is a value of the constraint's node label. Nodes that have the labels of all the pod's hard
constraints take part, and of these the ones that the pod's own node selector admits (nodeAffinityPolicy
Honor, nodeTaintsPolicy Ignore, upstream's defaults, or as given). Pods that are being deleted do not
count, and an empty selector counts none. Source: kubernetes.io, topology-spread-constraints.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from proa.cluster.scheduler.cluster import Cluster
from proa.cluster.scheduler.filters import node_affinity, taints
from proa.cluster.scheduler.filters.base import NodeCheck, Refusal
from proa.cluster.scheduler.node import NodeInfo
from proa.cluster.scheduler.pod import PodInfo
from proa.kube import Object
from proa.kube.selectors import Requirement, Selector, label_selector

_SKEWED = Refusal(("node(s) didn't match pod topology spread constraints",), curable=True)
_NO_LABEL = Refusal(("node(s) didn't match pod topology spread constraints (missing required label)",))


def prepare(pod: PodInfo, cluster: Cluster) -> NodeCheck | None:
    """Concerns pods with a constraint whose whenUnsatisfiable is DoNotSchedule."""
    hard = constraints_of(pod, "DoNotSchedule")
    if not hard:
        return None
    keys = frozenset(constraint["topologyKey"] for constraint in hard)
    nodes = [node for node in cluster.nodes if keys <= node.labels.keys()]
    checks = [_constraint(constraint, pod, nodes) for constraint in hard]

    def check(node: NodeInfo) -> Refusal | None:
        return next((refusal for c in checks if (refusal := c(node))), None)

    return check


def constraints_of(pod: PodInfo, when_unsatisfiable: str) -> Sequence[Object]:
    """The pod's constraints of one strictness."""
    constraints = pod.spec.get("topologySpreadConstraints") or ()
    return [c for c in constraints if (c.get("whenUnsatisfiable") or "DoNotSchedule") == when_unsatisfiable]


def domain_counts(constraint: Object, pod: PodInfo, nodes: Iterable[NodeInfo]) -> Counter[str]:
    """Matching pods in each domain of these nodes; a domain without any is there with 0."""
    selector = spread_selector(constraint, pod)
    takes_part = _participation(constraint, pod)
    counts: Counter[str] = Counter()
    for node in nodes:
        domain = node.labels.get(constraint["topologyKey"])
        if domain is not None and takes_part(node):
            counts[domain] += sum(
                bool(selector.requirements)
                and p.namespace == pod.namespace
                and not p.is_ending
                and selector.matches(p.labels)
                for p in node.pods.values()
            )
    return counts


def spread_selector(constraint: Object, pod: PodInfo) -> Selector:
    """The constraint's selector, narrowed by the pod's own values of matchLabelKeys."""
    selector = label_selector(constraint.get("labelSelector"))
    if selector is None:
        return Selector((Requirement("", "Exists"),))
    keys = (key for key in constraint.get("matchLabelKeys") or () if key in pod.labels)
    own = (Requirement(key, "In", frozenset([pod.labels[key]])) for key in keys)
    return Selector((*selector.requirements, *own))


def _constraint(constraint: Object, pod: PodInfo, nodes: Iterable[NodeInfo]) -> NodeCheck:
    counts = domain_counts(constraint, pod, nodes)
    enough = len(counts) >= (constraint.get("minDomains") or 1)
    least = min(counts.values(), default=0) if enough else 0
    itself = spread_selector(constraint, pod).matches(pod.labels)

    def check(node: NodeInfo) -> Refusal | None:
        domain = node.labels.get(constraint["topologyKey"])
        if domain is None:
            return _NO_LABEL
        return _SKEWED if counts[domain] + itself - least > constraint["maxSkew"] else None

    return check


def _participation(constraint: Object, pod: PodInfo) -> Callable[[NodeInfo], bool]:
    checks: list[NodeCheck | None] = []
    if (constraint.get("nodeAffinityPolicy") or "Honor") == "Honor":
        checks.append(node_affinity.check_of(pod))
    if constraint.get("nodeTaintsPolicy") == "Honor":
        checks.append(taints.check_of(pod))
    return lambda node: not any(check(node) for check in checks if check is not None)
