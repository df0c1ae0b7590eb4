"""Which objects a quota with scopes is about. Pure.

Source: kubernetes.io, resource quotas, quota scopes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from proa.cluster.apiserver.defaults.qos import qos_class
from proa.kube.resources import Object, Resource

_CLASS_STATES = ("currentVolumeAttributesClassName",)


def in_scopes(quota: Object, resource: Resource, obj: Object) -> bool:
    """Whether all scopes of a quota hold for the object; a quota with scopes is not about other kinds."""
    return all(_holds(each, resource, obj) for each in _selectors(quota["spec"]))


def _selectors(spec: Object) -> Iterator[Object]:
    for scope in spec.get("scopes") or ():
        yield {"scopeName": scope, "operator": "Exists"}
    yield from (spec.get("scopeSelector") or {}).get("matchExpressions") or ()


def _holds(selector: Object, resource: Resource, obj: Object) -> bool:
    if not resource.group and resource.plural == "pods":
        return _holds_for_pod(selector, obj)
    if not resource.group and resource.plural == "persistentvolumeclaims":
        return selector["scopeName"] == "VolumeAttributesClass" and _any_matches(
            selector, _attribute_classes(obj)
        )
    return False


def _holds_for_pod(selector: Object, pod: Object) -> bool:
    scope: str = selector["scopeName"]
    if scope in ("Terminating", "NotTerminating"):
        return is_terminating(pod) == (scope == "Terminating")
    if scope in ("BestEffort", "NotBestEffort"):
        return (qos_class(pod) == "BestEffort") == (scope == "BestEffort")
    if scope == "PriorityClass":
        name = pod["spec"].get("priorityClassName")
        return _any_matches(selector, {name} if name else set())
    return scope == "CrossNamespacePodAffinity" and _crosses_namespaces(pod["spec"].get("affinity") or {})


def is_terminating(pod: Object) -> bool:
    """Whether the pod is bound to end by a deadline."""
    spec: Object = pod["spec"]
    return spec.get("activeDeadlineSeconds") is not None


def _any_matches(selector: Object, names: set[str]) -> bool:
    operator, values = selector["operator"], set(selector.get("values") or ())
    if operator == "Exists":
        return bool(names)
    if operator == "DoesNotExist":
        return not names
    return bool(names & values) if operator == "In" else not names & values


def _attribute_classes(claim: Object) -> set[str]:
    status = claim.get("status") or {}
    target = (status.get("modifyVolumeStatus") or {}).get("targetVolumeAttributesClassName")
    current = (status.get(name) for name in _CLASS_STATES)
    return {name for name in (claim["spec"].get("volumeAttributesClassName"), target, *current) if name}


def _crosses_namespaces(affinity: Object) -> bool:
    return any(
        term.get("namespaces") or term.get("namespaceSelector") is not None
        for side in ("podAffinity", "podAntiAffinity")
        for term in _terms(affinity.get(side) or {})
    )


def _terms(side: Object) -> Iterator[Any]:
    yield from side.get("requiredDuringSchedulingIgnoredDuringExecution") or ()
    for weighted in side.get("preferredDuringSchedulingIgnoredDuringExecution") or ():
        yield weighted.get("podAffinityTerm") or {}
