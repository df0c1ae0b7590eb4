"""Terms of pod affinity and anti-affinity, compiled to predicates over other pods."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from proa.kube import Object
from proa.kube.selectors import Selector, label_selector

NamespaceLabels = Callable[[str], Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class PodTerm:
    """Pods of some namespaces and labels, grouped by the node label `topology_key`."""

    topology_key: str
    selector: Selector | None
    namespaces: frozenset[str]
    namespace_selector: Selector | None

    def matches(self, namespace: str, labels: Mapping[str, str], namespace_labels: NamespaceLabels) -> bool:
        """Whether a pod with these labels in that namespace is meant. No selector means none is."""
        if self.selector is None or not self.selector.matches(labels):
            return False
        if namespace in self.namespaces:
            return True
        return self.namespace_selector is not None and self.namespace_selector.matches(
            namespace_labels(namespace)
        )


class WeightedPodTerm(NamedTuple):
    """A preference; the weight is negative for anti-affinity."""

    weight: int
    term: PodTerm


def pod_terms(affinity: Object, namespace: str) -> tuple[PodTerm, ...]:
    """The required terms of a PodAffinity or PodAntiAffinity of a pod in `namespace`."""
    terms = affinity.get("requiredDuringSchedulingIgnoredDuringExecution") or ()
    return tuple(_term(term, namespace) for term in terms)


def weighted_pod_terms(affinity: Object, namespace: str, sign: int) -> tuple[WeightedPodTerm, ...]:
    """The preferred terms, their weights multiplied by `sign`."""
    terms = affinity.get("preferredDuringSchedulingIgnoredDuringExecution") or ()
    return tuple(WeightedPodTerm(sign * t["weight"], _term(t["podAffinityTerm"], namespace)) for t in terms)


def _term(term: Object, namespace: str) -> PodTerm:
    names = frozenset(term.get("namespaces") or ())
    by_label = label_selector(term.get("namespaceSelector"))
    if not names and by_label is None:
        names = frozenset([namespace])
    return PodTerm(term["topologyKey"], label_selector(term.get("labelSelector")), names, by_label)
