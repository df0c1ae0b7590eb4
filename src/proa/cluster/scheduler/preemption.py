"""Which pods make room for one of higher priority that fits nowhere.

On each node as few pods of lower priority as possible would have to go. Of the nodes, that one is taken where
the fewest disruption budgets are broken, then where the victims matter least. The cluster's picture is
changed while this is found out, and is as before afterwards. Source: kube-scheduler, plugin
DefaultPreemption; Kubernetes documentation, Pod Priority and Preemption.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from proa.cluster.scheduler.budgets import guarded
from proa.cluster.scheduler.cluster import Cluster
from proa.cluster.scheduler.decision import Decision, count, refused, unavailable
from proa.cluster.scheduler.filters import Refusal
from proa.cluster.scheduler.node import NodeInfo
from proa.cluster.scheduler.pod import PodInfo
from proa.kube import Object

_NEVER = "not eligible due to preemptionPolicy=Never."
_NOT_HELPFUL = Refusal(("Preemption is not helpful for scheduling",))
_NOBODY = Refusal(("No preemption victims found for incoming pod",))
_LOWEST = 1 << 31
"""Added to priorities before they are summed, so that more pods never weigh less."""


@dataclass(frozen=True)
class Preemption:
    """The node that would take the pod, and the pods that must go from there first.

    Without a node, `message` says why nothing is gained by it.
    """

    node: str = ""
    victims: tuple[PodInfo, ...] = ()
    broken: int = 0
    """How many victims their disruption budgets do not give up."""
    message: str = ""


def preempt(pod: PodInfo, cluster: Cluster, budgets: Sequence[Object], decision: Decision) -> Preemption:
    """The least harm by which a pod gets a node that `decision` has refused everywhere."""
    if pod.spec.get("preemptionPolicy") == "Never":
        return Preemption(message=f"preemption: {_NEVER}")
    refusals = {node.name: _NOT_HELPFUL for node in cluster.nodes}
    found: list[Preemption] = []
    for node in cluster.nodes:
        if (refusal := decision.refusals.get(node.name)) is not None and refusal.curable:
            tried = _on(node, pod, cluster, budgets)
            if isinstance(tried, Preemption):
                found.append(tried)
            else:
                refusals[node.name] = tried
    if not found:
        return Preemption(message=f"preemption: {unavailable(len(refusals), count(refusals.values()))}")
    return min(found, key=_harm)


def _harm(each: Preemption) -> tuple[object, ...]:
    priorities = [victim.priority for victim in each.victims]
    highest = max(priorities)
    first_start = min(_started(victim) for victim in each.victims if victim.priority == highest)
    weight = sum(priority + _LOWEST for priority in priorities)
    return each.broken, highest, weight, len(priorities), _Later(first_start), each.node


@dataclass(frozen=True)
class _Later:
    """Orders times backwards: who began last has done the least."""

    text: str

    def __lt__(self, other: _Later) -> bool:
        return self.text > other.text


def _on(node: NodeInfo, pod: PodInfo, cluster: Cluster, budgets: Sequence[Object]) -> Preemption | Refusal:
    lower = sorted((each for each in node.pods.values() if each.priority < pod.priority), key=_importance)
    if not lower:
        return _NOBODY
    kept = guarded(lower, budgets)
    with _without(lower, node.name, cluster):
        if refusal := refused(pod, node, cluster):
            return refusal
        dearest_first = sorted(lower, key=lambda each: each.uid not in kept)
        gone = sorted(_needed(pod, node, cluster, dearest_first), key=_importance)
    victims = tuple(gone)
    broken = sum(victim.uid in kept for victim in victims)
    message = (
        f"preemption: found a potential placement for pod on node {node.name}, "
        f"preempting {len(victims)} victims"
    )
    return Preemption(node.name, victims, broken, message) if victims else _NOBODY


def _needed(pod: PodInfo, node: NodeInfo, cluster: Cluster, lower: Iterable[PodInfo]) -> Iterator[PodInfo]:
    """Put pods back as long as there is room; those that there is none for."""
    for each in lower:
        cluster.place(each, node.name)
        if refused(pod, node, cluster):
            cluster.remove(each.uid)
            yield each


def _importance(pod: PodInfo) -> tuple[int, str]:
    """Sorts the pods that matter most to the front: high priority, then those that run for long."""
    return -pod.priority, _started(pod)


def _started(pod: PodInfo) -> str:
    status = pod.object.get("status") or {}
    return str(status.get("startTime") or pod.object["metadata"].get("creationTimestamp") or "")


@contextmanager
def _without(pods: Sequence[PodInfo], node_name: str, cluster: Cluster) -> Iterator[None]:
    order = [*cluster.node(node_name).pods.values()]
    for each in pods:
        cluster.remove(each.uid)
    try:
        yield
    finally:
        for each in order:
            cluster.place(each, node_name)
