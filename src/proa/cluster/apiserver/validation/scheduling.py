"""Where a pod may run: affinity, tolerations, spreading."""

from __future__ import annotations

from collections.abc import Iterator

from proa.cluster.apiserver.names import key_problems
from proa.cluster.apiserver.schema.field_error import (
    FieldError,
    duplicate,
    forbidden,
    invalid_value,
    required,
)
from proa.cluster.apiserver.validation.common import elements, one_of, path, selector
from proa.kube.resources import Object

_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
_NODE_OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt")
_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_INCLUSION = ("Honor", "Ignore")
_WHEN_UNSATISFIABLE = ("DoNotSchedule", "ScheduleAnyway")


def affinity(field: str, value: Object | None) -> Iterator[FieldError]:
    """An Affinity."""
    node = path(value, "nodeAffinity")
    if path(node, _REQUIRED) is not None:
        yield from node_selector(f"{field}.nodeAffinity.{_REQUIRED}", node[_REQUIRED])
    for at, term in elements(node, f"{field}.nodeAffinity", _PREFERRED):
        yield from _weight(at, term)
        yield from _node_term(f"{at}.preference", term.get("preference") or {})
    for name in ("podAffinity", "podAntiAffinity"):
        yield from _pod_affinity(f"{field}.{name}", path(value, name))


def node_selector(field: str, value: Object) -> Iterator[FieldError]:
    """A NodeSelector."""
    if not value.get("nodeSelectorTerms"):
        yield required(f"{field}.nodeSelectorTerms", "must have at least one node selector term")
    for at, term in elements(value, field, "nodeSelectorTerms"):
        yield from _node_term(at, term)


def _node_term(field: str, term: Object) -> Iterator[FieldError]:
    for at, expression in elements(term, field, "matchExpressions"):
        key, operator = expression.get("key") or "", expression.get("operator")
        yield from (invalid_value(f"{at}.key", key, problem) for problem in key_problems(key))
        if operator not in _NODE_OPERATORS:
            yield invalid_value(f"{at}.operator", operator, "not a valid selector operator")
        elif operator in ("In", "NotIn") and not expression.get("values"):
            yield required(f"{at}.values", "must be specified when `operator` is 'In' or 'NotIn'")
        elif operator in ("Gt", "Lt") and len(expression.get("values") or ()) != 1:
            yield required(f"{at}.values", "must be specified single value when `operator` is 'Lt' or 'Gt'")


def _pod_affinity(field: str, value: Object | None) -> Iterator[FieldError]:
    for at, term in elements(value, field, _REQUIRED):
        yield from _pod_term(at, term)
    for at, weighted in elements(value, field, _PREFERRED):
        yield from _weight(at, weighted)
        yield from _pod_term(f"{at}.podAffinityTerm", weighted.get("podAffinityTerm") or {})


def _pod_term(field: str, term: Object) -> Iterator[FieldError]:
    yield from selector(f"{field}.labelSelector", term.get("labelSelector"))
    yield from _label_keys(field, term)
    key = term.get("topologyKey") or ""
    if not key:
        yield required(f"{field}.topologyKey", "can not be empty")
    yield from (invalid_value(f"{field}.topologyKey", key, problem) for problem in key_problems(key))


def _weight(field: str, term: Object) -> Iterator[FieldError]:
    weight = term.get("weight") or 0
    if not 1 <= weight <= 100:
        yield invalid_value(f"{field}.weight", weight, "must be in the range 1-100")


def tolerations(field: str, spec: Object) -> Iterator[FieldError]:
    """The tolerations of a PodSpec."""
    for at, item in elements(spec, field, "tolerations"):
        operator = item.get("operator") or "Equal"
        if not item.get("key") and operator != "Exists":
            detail = (
                'operator must be Exists when `key` is empty, which means "match all values and all keys"'
            )
            yield invalid_value(f"{at}.operator", operator, detail)
        if item.get("tolerationSeconds") is not None and item.get("effect") != "NoExecute":
            detail = "effect must be 'NoExecute' when `tolerationSeconds` is set"
            yield invalid_value(f"{at}.effect", item.get("effect", ""), detail)
        if operator == "Exists" and item.get("value"):
            yield invalid_value(
                f"{at}.operator", item["value"], "value must be empty when `operator` is 'Exists'"
            )
        yield from one_of(f"{at}.effect", item.get("effect") or None, _EFFECTS)


def topology_spread(field: str, spec: Object) -> Iterator[FieldError]:
    """The spread constraints of a PodSpec."""
    for at, item in elements(spec, field, "topologySpreadConstraints"):
        skew = item.get("maxSkew")
        if skew is not None and skew <= 0:
            yield invalid_value(f"{at}.maxSkew", skew, "must be greater than zero")
        if not item.get("topologyKey"):
            yield required(f"{at}.topologyKey", "can not be empty")
        yield from one_of(f"{at}.whenUnsatisfiable", item.get("whenUnsatisfiable"), _WHEN_UNSATISFIABLE)
        yield from selector(f"{at}.labelSelector", item.get("labelSelector"))
        yield from _minimum(f"{at}.minDomains", item)
        for name in ("nodeAffinityPolicy", "nodeTaintsPolicy"):
            yield from one_of(f"{at}.{name}", item.get(name), _INCLUSION)
        yield from _label_keys(at, item)
    yield from _repeated(field, spec)


def _minimum(field: str, item: Object) -> Iterator[FieldError]:
    least, action = item.get("minDomains"), item.get("whenUnsatisfiable")
    if least is None:
        return
    if least <= 0:
        yield invalid_value(field, least, "must be greater than zero")
    if action != "DoNotSchedule":
        detail = f"can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {action}"
        yield invalid_value(field, least, detail)


def _repeated(field: str, spec: Object) -> Iterator[FieldError]:
    """Two constraints of one key and strictness; the first is blamed."""
    found = [*elements(spec, field, "topologySpreadConstraints")]
    pairs = [(item.get("topologyKey"), item.get("whenUnsatisfiable")) for _, item in found]
    for number, ((at, _), (key, action)) in enumerate(zip(found, pairs, strict=True)):
        if (key, action) in pairs[number + 1 :]:
            yield duplicate(f"{at}.{{topologyKey, whenUnsatisfiable}}", f"{{{key}, {action}}}")


def _label_keys(field: str, term: Object) -> Iterator[FieldError]:
    """Keys by which a term takes labels of its own pod. On a pod they stand in the selector already, once."""
    taken, chosen = term.get("matchLabelKeys") or (), term.get("labelSelector")
    for name in ("matchLabelKeys", "mismatchLabelKeys"):
        if term.get(name) and chosen is None:
            yield forbidden(f"{field}.{name}", "must not be specified when labelSelector is not set")
            continue
        for at, key in enumerate(term.get(name) or ()):
            yield from (invalid_value(f"{field}.{name}[{at}]", key, why) for why in key_problems(key))
    seen = set((chosen or {}).get("matchLabels") or ())
    for expression in (chosen or {}).get("matchExpressions") or ():
        key = expression.get("key")
        if key in taken and key in seen:
            detail = "exists in both matchLabelKeys and labelSelector"
            yield invalid_value(f"{field}[{[*taken].index(key)}]", key, detail)
        seen.add(key)
    for at, key in enumerate(taken):
        if key in (term.get("mismatchLabelKeys") or ()):
            detail = "exists in both matchLabelKeys and mismatchLabelKeys"
            yield invalid_value(f"{field}.matchLabelKeys[{at}]", key, detail)
