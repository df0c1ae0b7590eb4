"""When a container says itself whether it is started again."""

from __future__ import annotations

from collections.abc import Iterator

from proa.cluster.apiserver.schema.field_error import FieldError, required, too_many
from proa.cluster.apiserver.validation.common import elements, one_of
from proa.kube.resources import Object

_POLICIES = ("Always", "Never", "OnFailure")
_ACTIONS = ("Restart", "RestartAllContainers")
_OPERATORS = ("In", "NotIn")
_MOST_RULES, _MOST_CODES = 20, 255


def restarts(field: str, item: Object) -> Iterator[FieldError]:
    """The restart policy and rules of a container."""
    rules, name = item.get("restartPolicyRules") or (), "restartPolicyRules"
    if rules and item.get("restartPolicy") is None:
        yield required(f"{field}.restartPolicy", "must specify restartPolicy when restart rules are used")
    yield from one_of(f"{field}.restartPolicy", item.get("restartPolicy"), _POLICIES)
    if len(rules) > _MOST_RULES:
        yield too_many(f"{field}.{name}", len(rules), _MOST_RULES)
    for at, rule in elements(item, field, name):
        yield from _rule(at, rule)


def _rule(field: str, rule: Object) -> Iterator[FieldError]:
    yield from one_of(f"{field}.action", rule.get("action"), _ACTIONS)
    codes = rule.get("exitCodes")
    if codes is None:
        yield required(f"{field}.exitCodes", "must be specified")
        return
    yield from one_of(f"{field}.exitCodes.operator", codes.get("operator"), _OPERATORS)
    if len(codes.get("values") or ()) > _MOST_CODES:
        yield too_many(f"{field}.exitCodes.values", len(codes["values"]), _MOST_CODES)
