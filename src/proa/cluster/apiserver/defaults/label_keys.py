"""The labels of a new pod that its own affinity and spreading name by key, written into their selectors.

Source: core/v1 PodAffinityTerm.matchLabelKeys and mismatchLabelKeys, TopologySpreadConstraint.matchLabelKeys.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from proa.kube.meta import labels_of
from proa.kube.resources import Object

_FIELDS = (("matchLabelKeys", "In"), ("mismatchLabelKeys", "NotIn"))


def merged(obj: Object) -> None:
    """A pod; a term without a selector matches nothing and stays so. A second call changes nothing."""
    for term in _terms(obj["spec"]):
        if term.get("labelSelector") is not None:
            _merge(term, labels_of(obj))


def _terms(spec: Object) -> Iterator[Object]:
    affinity = spec.get("affinity") or {}
    for kind in ("podAffinity", "podAntiAffinity"):
        terms = affinity.get(kind) or {}
        yield from terms.get("requiredDuringSchedulingIgnoredDuringExecution") or ()
        for weighted in terms.get("preferredDuringSchedulingIgnoredDuringExecution") or ():
            yield weighted.get("podAffinityTerm") or {}
    yield from spec.get("topologySpreadConstraints") or ()


def _merge(term: Object, labels: Mapping[str, str]) -> None:
    found = [*(term["labelSelector"].get("matchExpressions") or ())]
    for field, operator in _FIELDS:
        for key in term.get(field) or ():
            wanted = {"key": key, "operator": operator, "values": [labels.get(key)]}
            if key in labels and wanted not in found:
                found.append(wanted)
    if found:
        term["labelSelector"]["matchExpressions"] = found
