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

from proa.cluster.scheduler.cluster import Cluster
from proa.cluster.scheduler.decision import fits
from proa.cluster.scheduler.node import NodeInfo
from proa.cluster.scheduler.pod import PodInfo
from proa.kube import Object
from proa.kube.selectors import label_selector


@dataclass(frozen=True)
class Preemption:
    """The node that would take the pod, and the pods that must go from there first."""

    node: str
    victims: tuple[PodInfo, ...]
    broken: int = 0
    """How many victims their disruption budgets do not give up."""


def preempt(pod: PodInfo, cluster: Cluster, budgets: Sequence[Object]) -> Preemption | None:
    """The least harm by which the pod gets a node; None when none does it, or the pod does not want it."""
    if pod.spec.get("preemptionPolicy") == "Never":
        return None
    found = [each for node in cluster.nodes if (each := _on(node, pod, cluster, budgets)) is not None]
    return min(found, key=_harm, default=None)


def _harm(each: Preemption) -> tuple[object, ...]:
    priorities = [victim.priority for victim in each.victims]
    highest = max(priorities)
    latest_start = max(_started(victim) for victim in each.victims if victim.priority == highest)
    return each.broken, highest, sum(priorities), len(priorities), _Later(latest_start), each.node


@dataclass(frozen=True)
class _Later:
    """Orders times backwards: who began last has done the least."""

    text: str

    def __lt__(self, other: _Later) -> bool:
        return self.text > other.text


def _on(node: NodeInfo, pod: PodInfo, cluster: Cluster, budgets: Sequence[Object]) -> Preemption | None:
    lower = [each for each in node.pods.values() if each.priority < pod.priority]
    if not lower:
        return None
    guarded = _guarded(lower, budgets)
    with _without(lower, node.name, cluster):
        if not fits(pod, node, cluster):
            return None
        victims = tuple(_needed(pod, node, cluster, _dearest_first(lower, guarded)))
    broken = sum(victim.uid in guarded for victim in victims)
    return Preemption(node.name, victims, broken) if victims else None


def _needed(pod: PodInfo, node: NodeInfo, cluster: Cluster, lower: Iterable[PodInfo]) -> Iterator[PodInfo]:
    """Put pods back as long as there is room; those that there is none for."""
    for each in lower:
        cluster.place(each, node.name)
        if not fits(pod, node, cluster):
            cluster.remove(each.uid)
            yield each


def _dearest_first(pods: Iterable[PodInfo], guarded: frozenset[str]) -> list[PodInfo]:
    return sorted(pods, key=lambda each: (each.uid not in guarded, -each.priority, _started(each)))


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


def _guarded(pods: Sequence[PodInfo], budgets: Sequence[Object]) -> frozenset[str]:
    """Pods that a budget does not give up, if all of these went."""
    guarded: set[str] = set()
    for budget in budgets:
        selector = label_selector(budget["spec"].get("selector"))
        if selector is None:
            continue
        left = (budget.get("status") or {}).get("disruptionsAllowed", 0)
        namespace = budget["metadata"]["namespace"]
        covered = [each for each in pods if each.namespace == namespace and selector.matches(each.labels)]
        guarded |= {each.uid for each in covered[left:]}
    return frozenset(guarded)
