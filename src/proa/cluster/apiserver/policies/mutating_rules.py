"""What is wrong with a MutatingAdmissionPolicy that somebody writes.

Source: Kubernetes, pkg/apis/admissionregistration/validation; the words of complaints are upstream's.
"""

from __future__ import annotations

from collections.abc import Iterator

from proa.cluster.apiserver.policies.expressions import ExpressionError
from proa.cluster.apiserver.policies.field_rules import own_variables, policy_rules
from proa.cluster.apiserver.policies.mutating_policy import compile_mutation
from proa.cluster.apiserver.policies.scope import Scope
from proa.cluster.apiserver.schema.field_error import FieldError, invalid_value, required, unsupported
from proa.cluster.apiserver.validation.common import elements, one_of, path
from proa.kube.resources import Object

_OPERATIONS = ("*", "CONNECT", "CREATE", "UPDATE")
_REINVOCATION = ("IfNeeded", "Never")
_PARTS = {"ApplyConfiguration": "applyConfiguration", "JSONPatch": "jsonPatch"}


def mutating_policy(obj: Object, _old: Object | None) -> Iterator[FieldError]:
    """MutatingAdmissionPolicy."""
    spec = obj.get("spec") or {}
    yield from policy_rules(spec)
    for rule in path(spec, "matchConstraints", "resourceRules") or ():
        for operation in rule.get("operations") or ():
            if operation not in _OPERATIONS:
                at = "spec.matchConstraints.resourceRules.operations"
                yield unsupported(at, operation, _OPERATIONS)
    scope = Scope(params=bool(spec.get("paramKind")))
    yield from own_variables(scope, spec)
    if not spec.get("mutations"):
        yield required("spec.mutations", "mutations must contain at least one item")
    for at, entry in elements(spec, "spec", "mutations"):
        yield from _mutation(at, entry, scope)
    if not spec.get("reinvocationPolicy"):
        yield required("spec.reinvocationPolicy")
    yield from one_of("spec.reinvocationPolicy", spec.get("reinvocationPolicy") or None, _REINVOCATION)


def _mutation(at: str, entry: Object, scope: Scope) -> Iterator[FieldError]:
    kind = entry.get("patchType")
    if not kind:
        yield required(f"{at}.patchType")
        return
    if kind not in _PARTS:
        yield unsupported(f"{at}.patchType", kind, sorted(_PARTS))
        return
    part, other = _PARTS[kind], next(name for name in _PARTS.values() if name != _PARTS[kind])
    expression = path(entry, part, "expression") or ""
    if entry.get(part) is None:
        yield required(f"{at}.{part}", f"must be specified when patchType is {kind}")
    elif not expression.strip():
        yield required(f"{at}.{part}.expression")
    else:
        try:
            compile_mutation(scope, entry)
        except ExpressionError as error:
            yield invalid_value(f"{at}.{part}.expression", expression.strip(), str(error))
    if entry.get(other) is not None:
        shown = f"{{{other}}}"
        yield invalid_value(f"{at}.{other}", shown, f"must not be specified when patchType is {kind}")
