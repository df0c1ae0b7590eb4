"""Comparing the expressions of a ValidatingAdmissionPolicy with the schemas of what it is about.

What does not fit is a warning in the policy's status; it changes nothing about what the policy does.
Source: apiserver, pkg/admission/plugin/policy/validating.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import Any

import msgspec

from proa.cluster import cel
from proa.cluster.apiserver.custom import publishing
from proa.cluster.apiserver.kind import Kind
from proa.cluster.apiserver.policies.expressions import ExpressionError
from proa.cluster.apiserver.policies.scope import Scope
from proa.cluster.apiserver.schema import SCHEMAS
from proa.cluster.apiserver.schema.node import REF_PREFIX
from proa.cluster.cel import Type, types
from proa.cluster.cel.functions import LIBRARY
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


class _Served:
    """What is served, and the types of its objects: built-in kinds and those of custom definitions."""

    def __init__(self, kinds: Iterable[Kind], definitions: Iterable[Object]) -> None:
        found = [kind.resource for kind in kinds]
        self._schemas: dict[tuple[str, str], Mapping[str, Any]] = {}
        for definition in definitions:
            for resource, schema in _custom(definition["spec"]):
                found.append(resource)
                self._schemas[resource.api_version, resource.kind] = schema
        self.resources = {(r.group, r.version, r.plural): r for r in found}

    def declared(self, api_version: str, kind: str) -> Type | None:
        """The type of a kind's objects; None when nothing is known about it."""
        schema = self._schemas.get((api_version, kind))
        if schema is None:
            name = SCHEMAS.name_of(api_version, kind)
            if not name:
                return None
            schema = _schema(name)
        return types.from_schema(schema, name=kind, root=True, resolve=_schema)


def _custom(spec: Object) -> Iterator[tuple[Resource, Mapping[str, Any]]]:
    names = spec["names"]
    namespaced = spec["scope"] == "Namespaced"
    for version in spec["versions"]:
        if version.get("served"):
            where = (spec["group"], version["name"], names["kind"], names.get("listKind", ""))
            schema = (version.get("schema") or {}).get("openAPIV3Schema") or {}
            published = publishing.definitions(schema, ("one", "many"), where)["one"]
            yield Resource(*where[:2], names["plural"], names["kind"], namespaced=namespaced), published


def expression_warnings(
    policy: Object, kinds: Iterable[Kind], definitions: Iterable[Object] = ()
) -> list[Object]:
    """The entries of status.typeChecking.expressionWarnings; `definitions` are those of custom resources."""
    spec, served = policy["spec"], _Served(kinds, definitions)
    checked = list(_kinds_of(spec, served))
    return [
        {"fieldRef": field, "warning": "\n".join(warnings)}
        for field, expression in _expressions(spec)
        if (warnings := [w for about in checked if (w := _warning(spec, about, expression, served))])
    ]


def _expressions(spec: Object) -> Iterator[tuple[str, str]]:
    for index, validation in enumerate(spec.get("validations") or ()):
        for name in ("expression", "messageExpression"):
            if validation.get(name):
                yield f"spec.validations[{index}].{name}", validation[name]


def _kinds_of(spec: Object, served: _Served) -> Iterator[Resource]:
    """What the rules name without wildcards, in order."""
    found = set()
    for rule in (spec.get("matchConstraints") or {}).get("resourceRules") or ():
        groups, versions = rule.get("apiGroups") or (), rule.get("apiVersions") or ()
        if "*" in groups or "*" in versions:
            continue
        plurals = [name for name in rule.get("resources") or () if not {"*", "/"} & set(name)]
        found |= {
            served.resources[address]
            for address in product(groups, versions, plurals)
            if address in served.resources
        }
    ordered = sorted(found, key=lambda r: (r.group, r.version, r.kind))
    yield from ordered[:_MOST_KINDS]


def _warning(spec: Object, about: Resource, expression: str, served: _Served) -> str:
    declared = served.declared(about.api_version, about.kind)
    if declared is None:
        return ""
    typed = {"object": declared, "oldObject": declared}
    params = spec.get("paramKind")
    if params:
        typed["params"] = served.declared(params["apiVersion"], params["kind"]) or DYN
    scope = _TypedScope(params=bool(params), typed=typed)
    for variable in spec.get("variables") or ():
        try:
            scope.add(variable)
        except ExpressionError:
            scope.composed[variable["name"]] = DYN
    try:
        cel.compile(expression, scope.variables(), library=LIBRARY)
    except cel.CompileError as error:
        return f"{about.group}/{about.version}, Kind={about.kind}: {error}\n"
    return ""


def _schema(name: str) -> dict[str, Any]:
    schema: dict[str, Any] = msgspec.json.decode(SCHEMAS.raw(name.removeprefix(REF_PREFIX)))
    return schema
