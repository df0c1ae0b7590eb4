"""What the status of a definition should say: names, conditions. Pure.

Source: apiextensions-apiserver, pkg/controller/{status,establish,apiapproval}.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from proa.cluster.apiserver.metadata import now
from proa.kube.meta import condition_is_true, find_condition
from proa.kube.resources import Object

APPROVAL = "api-approved.kubernetes.io"
_MUST = f"protected groups must have approval annotation {json.dumps(APPROVAL)}"
_CONFORMANT = "KubernetesAPIApprovalPolicyConformant"
_FIELDS = (("plural", "Plural"), ("singular", "Singular"), ("kind", "Kind"), ("listKind", "ListKind"))


class Taken(NamedTuple):
    """The names that other definitions of the group have."""

    resources: frozenset[str]
    kinds: frozenset[str]


def taken_by(definitions: Iterable[Object]) -> Taken:
    """What definitions hold of names."""
    resources: set[str] = set()
    kinds: set[str] = set()
    for definition in definitions:
        names = (definition.get("status") or {}).get("acceptedNames") or {}
        resources |= {names.get("plural", ""), names.get("singular", ""), *(names.get("shortNames") or ())}
        kinds |= {names.get("kind", ""), names.get("listKind", "")}
    return Taken(frozenset(resources - {""}), frozenset(kinds - {""}))


def status_of(definition: Object, taken: Taken) -> Object:
    """The status with the names that are accepted, and whether objects can be had."""
    status = dict(definition.get("status") or {})
    accepted, problem = _accept(definition["spec"]["names"], status.get("acceptedNames") or {}, taken)
    status["acceptedNames"] = accepted
    conditions = list(status.get("conditions") or ())
    if problem:
        reason, message = problem
        wanted = [_condition("NamesAccepted", "False", reason, message)]
        if not condition_is_true(definition, "Established"):
            wanted.append(_condition("Established", "False", "NotAccepted", "not all names are accepted"))
    else:
        wanted = [_condition("NamesAccepted", "True", "NoConflicts", "no conflicts found")]
        initial = "the initial names have been accepted"
        wanted.append(_condition("Established", "True", "InitialNamesAccepted", initial))
    approval = approval_condition(definition)
    for condition in (*wanted, *([approval] if approval else ())):
        set_condition(conditions, condition)
    status["conditions"] = conditions
    return status


def _accept(
    wanted: Mapping[str, Any], accepted: Mapping[str, Any], taken: Taken
) -> tuple[Object, tuple[str, str] | None]:
    names = dict(accepted)
    problem: tuple[str, str] | None = None
    for field, title in _FIELDS:
        others = taken.kinds if field in ("kind", "listKind") else taken.resources
        if wanted[field] != accepted.get(field) and wanted[field] in others:
            problem = f"{title}Conflict", _in_use(wanted[field])
        else:
            names[field] = wanted[field]
        if field == "singular":
            problem = _accept_short_names(wanted, accepted, names, taken.resources) or problem
    for field in ("categories",):
        names.pop(field, None)
        if wanted.get(field):
            names[field] = wanted[field]
    return names, problem


def _accept_short_names(
    wanted: Mapping[str, Any], accepted: Mapping[str, Any], names: Object, taken: Collection[str]
) -> tuple[str, str] | None:
    short, known = wanted.get("shortNames") or [], accepted.get("shortNames") or []
    refused = [_in_use(name) for name in short if name not in known and name in taken]
    if refused:
        return "ShortNamesConflict", refused[0] if len(refused) == 1 else f"[{', '.join(refused)}]"
    names.pop("shortNames", None)
    if short:
        names["shortNames"] = short
    return None


def _in_use(name: str) -> str:
    return f"{json.dumps(name)} is already in use"


def _condition(type_: str, status: str, reason: str, message: str) -> Object:
    return {"type": type_, "status": status, "reason": reason, "message": message}


def set_condition(conditions: list[Object], condition: Object) -> None:
    """Put a condition in, in place; its time is that of its last change of status."""
    for index, known in enumerate(conditions):
        if known["type"] == condition["type"]:
            time = known["lastTransitionTime"] if known["status"] == condition["status"] else now()
            conditions[index] = {"lastTransitionTime": time, **condition}
            return
    conditions.append({"lastTransitionTime": now(), **condition})


def terminating(status: str, reason: str, message: str) -> Object:
    """The condition of a definition that is being deleted."""
    return _condition("Terminating", status, reason, message)


def is_protected(group: str) -> bool:
    """Whether a group is the Kubernetes project's own."""
    return any(group == name or group.endswith(f".{name}") for name in ("k8s.io", "kubernetes.io"))


def approval_state(definition: Object) -> tuple[str, str]:
    """(state, reason) of the approval of an API in a protected group."""
    value = (definition["metadata"].get("annotations") or {}).get(APPROVAL, "")
    if not value:
        return "Missing", (f"{_MUST}, see https://github.com/kubernetes/enhancements/pull/1111")
    if value.startswith("unapproved"):
        return "Unapproved", f"not approved: {json.dumps(value)}"
    parts = urlsplit(value)
    if parts.scheme and parts.netloc and re.match(r"\w+", parts.netloc):
        return "Approved", f"approved in {value}"
    return "Invalid", (
        f"{_MUST} with either a URL or a reason "
        'starting with "unapproved", see https://github.com/kubernetes/enhancements/pull/1111'
    )


def approval_condition(definition: Object) -> Object | None:
    """The condition of a definition in a protected group."""
    if not is_protected(definition["spec"]["group"]):
        return None
    state, reason = approval_state(definition)
    status = "True" if state == "Approved" else "False"
    return _condition(_CONFORMANT, status, f"{state}Annotation", reason)


__all__ = [
    "APPROVAL",
    "Taken",
    "approval_state",
    "find_condition",
    "is_protected",
    "set_condition",
    "status_of",
    "taken_by",
    "terminating",
]
