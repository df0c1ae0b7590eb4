"""Comparing the expressions of a ValidatingAdmissionPolicy with the schemas of what it is about.

What does not fit is a warning in the policy's status; it changes nothing about what the policy does.
Source: apiserver, pkg/admission/plugin/policy/validating.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import Any

import msgspec

from proa.cluster.apiserver.kind import Kind
from proa.cluster.apiserver.policies.expressions import ExpressionError, compile_expression
from proa.cluster.apiserver.policies.scope import Scope
from proa.cluster.apiserver.schema import SCHEMAS
from proa.cluster.apiserver.schema.node import REF_PREFIX
from proa.cluster.cel import Type, types
from proa.cluster.cel.types import DYN
from proa.kube.resources import Object, Resource

_MOST_KINDS = 10


class _TypedScope(Scope):
    """A scope in which objects and parameters have the types of their schemas."""

    def __init__(self, *, params: bool, typed: Mapping[str, Type]) -> None:
        super().__init__(params=params)
        self._typed = typed

    def variables(self, *, authorizer: bool = True) -> dict[str, Type]:
        return {**super().variables(authorizer=authorizer), **self._typed}


def expression_warnings(policy: Object, kinds: Iterable[Kind]) -> list[Object]:
    """The entries of status.typeChecking.expressionWarnings."""
    spec = policy["spec"]
    checked = list(_kinds_of(spec, kinds))
    return [
        {"fieldRef": field, "warning": "\n".join(warnings)}
        for field, expression in _expressions(spec)
        if (warnings := [w for about in checked if (w := _warning(spec, about, expression))])
    ]


def _expressions(spec: Object) -> Iterator[tuple[str, str]]:
    for index, validation in enumerate(spec.get("validations") or ()):
        for name in ("expression", "messageExpression"):
            if validation.get(name):
                yield f"spec.validations[{index}].{name}", validation[name]


def _kinds_of(spec: Object, kinds: Iterable[Kind]) -> Iterator[Resource]:
    """What the rules name without wildcards, in order."""
    served = {(k.resource.group, k.resource.version, k.resource.plural): k.resource for k in kinds}
    found = set()
    for rule in (spec.get("matchConstraints") or {}).get("resourceRules") or ():
        groups, versions = rule.get("apiGroups") or (), rule.get("apiVersions") or ()
        if "*" in groups or "*" in versions:
            continue
        plurals = [name for name in rule.get("resources") or () if not {"*", "/"} & set(name)]
        found |= {served[address] for address in product(groups, versions, plurals) if address in served}
    ordered = sorted(found, key=lambda r: (r.group, r.version, r.kind))
    yield from ordered[:_MOST_KINDS]


def _warning(spec: Object, about: Resource, expression: str) -> str:
    declared = _declared(about.api_version, about.kind)
    if declared is None:
        return ""
    typed = {"object": declared, "oldObject": declared}
    params = spec.get("paramKind")
    if params:
        typed["params"] = _declared(params["apiVersion"], params["kind"]) or DYN
    scope = _TypedScope(params=bool(params), typed=typed)
    for variable in spec.get("variables") or ():
        try:
            scope.add(variable)
        except ExpressionError:
            scope.composed[variable["name"]] = DYN
    try:
        compile_expression(expression, scope.variables(), ())
    except ExpressionError as error:
        return f"{about.group}/{about.version}, Kind={about.kind}: {error}\n"
    return ""


def _declared(api_version: str, kind: str) -> Type | None:
    name = SCHEMAS.name_of(api_version, kind)
    return types.from_schema(_schema(name), name=kind, root=True, resolve=_schema) if name else None


def _schema(name: str) -> dict[str, Any]:
    schema: dict[str, Any] = msgspec.json.decode(SCHEMAS.raw(name.removeprefix(REF_PREFIX)))
    return schema
