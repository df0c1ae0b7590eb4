"""Access, budgets and priorities."""

from __future__ import annotations

from collections.abc import Iterator

from proa.cluster.apiserver.schema.field_error import (
    FieldError,
    forbidden,
    invalid_value,
    required,
    unsupported,
)
from proa.cluster.apiserver.validation.common import immutable, path, selector
from proa.kube.resources import Object

_RBAC = "rbac.authorization.k8s.io"
_SUBJECTS = ("ServiceAccount", "User", "Group")
_MAX_USER_PRIORITY = 1_000_000_000


def role_binding(obj: Object, old: Object | None) -> Iterator[FieldError]:
    """RoleBinding and ClusterRoleBinding: the role stays, the subjects may change."""
    reference = obj.get("roleRef") or {}
    if reference.get("apiGroup") not in (None, _RBAC):
        yield unsupported("roleRef.apiGroup", reference["apiGroup"], (_RBAC,))
    kinds = ("Role", "ClusterRole") if obj.get("kind") == "RoleBinding" else ("ClusterRole",)
    if reference.get("kind") and reference["kind"] not in kinds:
        yield unsupported("roleRef.kind", reference["kind"], kinds)
    for index, subject in enumerate(obj.get("subjects") or ()):
        yield from _subject(f"subjects[{index}]", subject, namespaced=obj.get("kind") == "RoleBinding")
    if old is not None and reference != old.get("roleRef"):
        shown = {"APIGroup": "apiGroup", "Kind": "kind", "Name": "name"}
        value = {title: reference.get(name, "") for title, name in shown.items()}
        yield invalid_value("roleRef", value, "field is immutable")


def _subject(field: str, subject: Object, *, namespaced: bool) -> Iterator[FieldError]:
    kind = subject.get("kind")
    if kind and kind not in _SUBJECTS:
        yield unsupported(f"{field}.kind", kind, _SUBJECTS)
    if kind == "ServiceAccount" and not namespaced and not subject.get("namespace"):
        yield required(f"{field}.namespace")
    wanted = "" if kind == "ServiceAccount" else _RBAC
    if kind in _SUBJECTS and (subject.get("apiGroup") or "") != wanted:
        yield unsupported(f"{field}.apiGroup", subject.get("apiGroup", ""), (wanted,))


def role(obj: Object, _old: Object | None) -> Iterator[FieldError]:
    """Role and ClusterRole."""
    for index, rule in enumerate(obj.get("rules") or ()):
        at = f"rules[{index}]"
        if not rule.get("verbs"):
            yield required(f"{at}.verbs")
        if rule.get("nonResourceURLs"):
            yield from _non_resource(at, rule, namespaced=obj.get("kind") == "Role")
            continue
        if not rule.get("apiGroups"):
            yield required(f"{at}.apiGroups", "resource rules must supply at least one api group")
        if not rule.get("resources"):
            yield required(f"{at}.resources", "resource rules must supply at least one resource")


def _non_resource(field: str, rule: Object, *, namespaced: bool) -> Iterator[FieldError]:
    urls = rule["nonResourceURLs"]
    if namespaced:
        yield invalid_value(
            f"{field}.nonResourceURLs", urls, "namespaced rules cannot apply to non-resource URLs"
        )
    if rule.get("apiGroups") or rule.get("resources") or rule.get("resourceNames"):
        detail = "rules cannot apply to both regular resources and non-resource URLs"
        yield invalid_value(f"{field}.nonResourceURLs", urls, detail)


def priority_class(obj: Object, old: Object | None) -> Iterator[FieldError]:
    """PriorityClass."""
    name, value = str(path(obj, "metadata", "name") or ""), obj.get("value") or 0
    if name.startswith("system-") and name not in ("system-node-critical", "system-cluster-critical"):
        detail = "priority class names with 'system-' prefix are reserved for system use only. error: "
        yield forbidden("metadata.name", detail + f"{name} is not a known system priority class")
    elif not name.startswith("system-") and value > _MAX_USER_PRIORITY:
        detail = f"maximum allowed value of a user defined priority is {_MAX_USER_PRIORITY}"
        yield forbidden("value", detail)
    if old is not None and value != (old.get("value") or 0):
        yield forbidden("value", "may not be changed in an update.")
    yield from immutable(obj, old, "preemptionPolicy")


def disruption_budget(obj: Object, _old: Object | None) -> Iterator[FieldError]:
    """PodDisruptionBudget."""
    spec = obj.get("spec") or {}
    if spec.get("minAvailable") is not None and spec.get("maxUnavailable") is not None:
        yield invalid_value("spec", spec, "minAvailable and maxUnavailable cannot be both set")
    for name in ("minAvailable", "maxUnavailable"):
        value = spec.get(name)
        if isinstance(value, int) and value < 0:
            yield invalid_value(f"spec.{name}", value, "must be greater than or equal to 0")
    yield from selector("spec.selector", spec.get("selector"))
