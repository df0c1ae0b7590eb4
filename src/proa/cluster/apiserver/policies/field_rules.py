"""What is wrong with a policy or a binding that somebody writes.

Source: Kubernetes, pkg/apis/admissionregistration/validation; the words of complaints are upstream's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from proa.cluster.apiserver.names import SUBDOMAIN, key_problems
from proa.cluster.apiserver.policies.declarations import variables
from proa.cluster.apiserver.policies.expressions import ExpressionError, compile_expression
from proa.cluster.apiserver.policies.scope import Scope
from proa.cluster.apiserver.schema.field_error import (
    FieldError,
    duplicate,
    forbidden,
    invalid_value,
    required,
    too_many,
    unsupported,
)
from proa.cluster.apiserver.validation.common import elements, one_of, path, selector
from proa.cluster.cel import Type
from proa.cluster.cel.functions.formats import FORMATS
from proa.cluster.cel.types import BOOL, DYN, NULL, STRING
from proa.cluster.cel.types.schema import RESERVED
from proa.kube.resources import Object

_IDENTIFIER = re.compile(r"[_a-zA-Z][_a-zA-Z0-9]*", re.ASCII)
_FAILURE_POLICIES = ("Fail", "Ignore")
_ACTIONS = ("Audit", "Deny", "Warn")
_REASONS = ("Forbidden", "Invalid", "RequestEntityTooLarge")
_OPERATIONS = ("*", "CONNECT", "CREATE", "DELETE", "UPDATE")
_SCOPES = ("*", "Cluster", "Namespaced")
_MOST_CONDITIONS, _MOST_ANNOTATIONS = 64, 20
_ONE_NEEDED = "validations or auditAnnotations must contain at least one item"


def policy_rules(spec: Object) -> Iterator[FieldError]:
    """What both kinds of policies have in common, but for variables."""
    yield from one_of("spec.failurePolicy", spec.get("failurePolicy"), _FAILURE_POLICIES)
    kind = spec.get("paramKind")
    if kind is not None:
        yield from _param_kind(kind)
    match = spec.get("matchConstraints")
    if match is None:
        yield required("spec.matchConstraints")
    else:
        yield from match_resources("spec.matchConstraints", match)
        if not match.get("resourceRules"):
            yield required("spec.matchConstraints.resourceRules")
    yield from conditions("spec.matchConditions", spec.get("matchConditions") or (), params=bool(kind))


def _param_kind(kind: Object) -> Iterator[FieldError]:
    version, name = kind.get("apiVersion") or "", kind.get("kind") or ""
    if not version:
        yield required("spec.paramKind.apiVersion")
    elif version.count("/") > 1:
        detail = f"unexpected GroupVersion string: {version}"
        yield invalid_value("spec.paramKind.apiVersion", version, detail)
    if not name:
        yield required("spec.paramKind.kind")
    elif problems := FORMATS["dns1035Label"].complaints(name.lower()):
        detail = f"may have mixed case, but should otherwise match: {','.join(problems)}"
        yield invalid_value("spec.paramKind.kind", name, detail)


def validating_policy(obj: Object, _old: Object | None) -> Iterator[FieldError]:
    """ValidatingAdmissionPolicy."""
    spec = obj.get("spec") or {}
    yield from policy_rules(spec)
    scope = Scope(params=bool(spec.get("paramKind")))
    yield from own_variables(scope, spec)
    if not spec.get("validations") and not spec.get("auditAnnotations"):
        yield required("spec.validations", _ONE_NEEDED)
        yield required("spec.auditAnnotations", _ONE_NEEDED)
    for at, entry in elements(spec, "spec", "validations"):
        yield from _validation(at, entry, scope)
    yield from _annotations(obj, spec, scope)


def own_variables(scope: Scope, spec: Object) -> Iterator[FieldError]:
    """A policy's variables; those that compile are added to the scope."""
    for at, entry in elements(spec, "spec", "variables"):
        name, expression = entry.get("name") or "", entry.get("expression") or ""
        if not name.strip():
            yield required(f"{at}.name", "name is not specified")
        elif not _IDENTIFIER.fullmatch(name) or name in RESERVED:
            yield invalid_value(f"{at}.name", name, "must be a valid CEL identifier")
        if not expression.strip():
            yield required(f"{at}.expression", "expression is not specified")
            continue
        try:
            scope.add({"name": name, "expression": expression})
        except ExpressionError as error:
            scope.composed[name] = DYN
            yield invalid_value(f"{at}.expression", expression, str(error))


def _validation(at: str, entry: Object, scope: Scope) -> Iterator[FieldError]:
    expression = entry.get("expression") or ""
    if expression.strip():
        yield from expression_rule(f"{at}.expression", expression, scope.variables(), (BOOL,))
    else:
        yield required(f"{at}.expression", "expression is not specified")
    computed = entry.get("messageExpression") or ""
    if computed and not computed.strip():
        yield invalid_value(f"{at}.messageExpression", computed, "must be non-empty if specified")
    elif computed:
        known = scope.variables(authorizer=False)
        yield from expression_rule(f"{at}.messageExpression", computed, known, (STRING,))
    message = entry.get("message") or ""
    if message and not message.strip():
        yield invalid_value(f"{at}.message", message, "must be non-empty if specified")
    elif re.search(r"[\n\r]", message.strip()):
        yield invalid_value(f"{at}.message", message, "must not contain line breaks")
    yield from one_of(f"{at}.reason", entry.get("reason"), _REASONS)


def _annotations(obj: Object, spec: Object, scope: Scope) -> Iterator[FieldError]:
    entries = spec.get("auditAnnotations") or ()
    if len(entries) > _MOST_ANNOTATIONS:
        detail = f"must not have more than {_MOST_ANNOTATIONS} auditAnnotations"
        yield invalid_value("spec.auditAnnotations", entries, detail)
    seen: set[str] = set()
    for at, entry in elements(spec, "spec", "auditAnnotations"):
        key = entry.get("key") or ""
        qualified = f"{path(obj, 'metadata', 'name') or ''}/{key}"
        yield from (invalid_value(f"{at}.key", qualified, problem) for problem in key_problems(qualified))
        expression = entry.get("valueExpression") or ""
        if expression.strip():
            field = f"{at}.valueExpression"
            yield from expression_rule(field, expression, scope.variables(), (STRING, NULL))
        else:
            yield required(f"{at}.valueExpression", "valueExpression is not specified")
        if key in seen:
            yield duplicate(f"{at}.key", key)
        seen.add(key)


def expression_rule(
    field: str, expression: str, known: Mapping[str, Type], results: Sequence[Type], **options: Any
) -> Iterator[FieldError]:
    """An expression compiles to one of the results; the options are those of compile_expression."""
    try:
        compile_expression(expression, known, results, **options)
    except ExpressionError as error:
        yield invalid_value(field, expression, str(error))


def conditions(field: str, entries: Sequence[Object], *, params: bool = False) -> Iterator[FieldError]:
    """The match conditions of a policy or webhook."""
    if len(entries) > _MOST_CONDITIONS:
        yield too_many(field, len(entries), _MOST_CONDITIONS)
    seen: set[str] = set()
    known = variables(params=params, authorizer=True)
    for index, entry in enumerate(entries):
        name, expression = entry.get("name") or "", (entry.get("expression") or "").strip()
        if expression:
            yield from expression_rule(f"{field}[{index}].expression", expression, known, (BOOL,))
        else:
            yield required(f"{field}[{index}].expression")
        if not name:
            yield required(f"{field}[{index}].name")
            continue
        yield from (invalid_value(f"{field}[{index}].name", name, problem) for problem in key_problems(name))
        if name in seen:
            yield duplicate(f"{field}[{index}].name", name)
        seen.add(name)


def webhook_conditions(obj: Object, _old: Object | None) -> Iterator[FieldError]:
    """The match conditions in a configuration of webhooks."""
    for index, hook in enumerate(obj.get("webhooks") or ()):
        yield from conditions(f"webhooks[{index}].matchConditions", hook.get("matchConditions") or ())


def match_resources(field: str, match: Object) -> Iterator[FieldError]:
    """MatchResources."""
    yield from one_of(f"{field}.matchPolicy", match.get("matchPolicy"), ("Equivalent", "Exact"))
    for name in ("namespaceSelector", "objectSelector"):
        yield from selector(f"{field}.{name}", match.get(name))
    for name in ("resourceRules", "excludeResourceRules"):
        for at, rule in elements(match, field, name):
            yield from _resource_rule(at, rule)


def _resource_rule(at: str, rule: Object) -> Iterator[FieldError]:
    names = rule.get("resourceNames") or ()
    for index, name in enumerate(names):
        if name in names[:index]:
            yield duplicate(f"{at}.resourceNames[{index}]", name)
    for index, operation in enumerate(rule.get("operations") or ()):
        if operation not in _OPERATIONS:
            yield unsupported(f"{at}.operations[{index}]", operation, _OPERATIONS)
    for name in ("operations", "apiGroups", "apiVersions", "resources"):
        given = rule.get(name) or ()
        if not given:
            yield required(f"{at}.{name}")
        elif name == "resources":
            yield from _resources(f"{at}.resources", given)
        elif "*" in given and len(given) > 1:
            detail = f"if '*' is present, must not specify other {_PLURALS.get(name, name)}"
            yield invalid_value(f"{at}.{name}", given, detail)
    yield from one_of(f"{at}.scope", rule.get("scope"), _SCOPES)


def _resources(field: str, given: Sequence[str]) -> Iterator[FieldError]:
    whole: set[str] = set()
    everywhere: set[str] = set()
    for index, name in enumerate(given):
        plural, slash, subresource = name.partition("/")
        if not name:
            yield required(f"{field}[{index}]")
        elif slash and plural in whole:
            detail = f"if '{plural}/*' is present, must not specify {name}"
            yield invalid_value(f"{field}[{index}]", name, detail)
        elif slash and subresource in everywhere:
            detail = f"if '*/{subresource}' is present, must not specify {name}"
            yield invalid_value(f"{field}[{index}]", name, detail)
        if slash and subresource == "*":
            whole.add(plural)
        if slash and plural == "*":
            everywhere.add(subresource)
    if "*/*" in given and len(given) > 1:
        yield invalid_value(field, given, "if '*/*' is present, must not specify other resources")
    if "*" in given and any(name != "*" and "/" not in name for name in given):
        detail = "if '*' is present, must not specify other resources without subresources"
        yield invalid_value(field, given, detail)


_PLURALS = {"apiGroups": "API groups", "apiVersions": "API versions"}


def policy_binding(obj: Object, _old: Object | None) -> Iterator[FieldError]:
    """What both kinds of bindings have in common."""
    spec = obj.get("spec") or {}
    if not spec.get("policyName"):
        yield required("spec.policyName")
    else:
        problems = SUBDOMAIN.problems(spec["policyName"])
        yield from (invalid_value("spec.policyName", spec["policyName"], p) for p in problems)
    reference = spec.get("paramRef")
    if reference is not None:
        yield from _param_reference(reference)
    if spec.get("matchResources") is not None:
        yield from match_resources("spec.matchResources", spec["matchResources"])


def validating_binding(obj: Object, old: Object | None) -> Iterator[FieldError]:
    """ValidatingAdmissionPolicyBinding."""
    yield from policy_binding(obj, old)
    actions = path(obj, "spec", "validationActions") or []
    at = "spec.validationActions"
    for index, action in enumerate(actions):
        if action not in _ACTIONS:
            yield unsupported(f"{at}[{index}]", action, _ACTIONS)
        if action in actions[:index]:
            yield duplicate(f"{at}[{index}]", action)
    if {"Deny", "Warn"} <= set(actions):
        detail = (
            "must not contain both Deny and Warn (repeating the same validation failure information in the "
            "API response and headers serves no purpose)"
        )
        yield invalid_value(at, actions, detail)
    if not actions:
        yield required(at)


def _param_reference(reference: Object) -> Iterator[FieldError]:
    name, selects = reference.get("name"), reference.get("selector")
    for char in "/%":
        if char in (name or ""):
            yield invalid_value("spec.paramRef.name", name, f"may not contain '{char}'")
    if name and selects is not None:
        exclusive = "name and selector are mutually exclusive"
        yield forbidden("spec.paramRef.name", exclusive)
        yield forbidden("spec.paramRef.selector", exclusive)
    elif selects is not None:
        yield from selector("spec.paramRef.selector", selects)
    elif not name:
        yield required("spec.paramRef", "one of name or selector must be specified")
    action = reference.get("parameterNotFoundAction")
    if action is None:
        yield required("spec.paramRef.parameterNotFoundAction")
    else:
        yield from one_of("spec.paramRef.parameterNotFoundAction", action, ("Deny", "Allow"))
