"""A MutatingAdmissionPolicy, compiled, and what it makes of an object.

Source: apiserver, pkg/admission/plugin/policy/mutating.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from proa.cluster.apiserver.apply.merging import merge
from proa.cluster.apiserver.patch import apply_json_patch
from proa.cluster.apiserver.policies.activation import LazyVariables
from proa.cluster.apiserver.policies.conditions import satisfied
from proa.cluster.apiserver.policies.configuration import atomics, misfits
from proa.cluster.apiserver.policies.expressions import ExpressionError, compile_expression
from proa.cluster.apiserver.policies.matching import Match
from proa.cluster.apiserver.policies.patch_types import (
    JSON_PATCHES,
    OBJECT,
    as_json,
    find_type,
    misplaced,
)
from proa.cluster.apiserver.policies.scope import Scope
from proa.cluster.apiserver.schema import Node
from proa.cluster.cel import Budget, BudgetExhausted, EvaluationError, Program
from proa.cluster.cel.functions import PATCH_LIBRARY
from proa.errors import ApiError, ProaError
from proa.kube.resources import Object


class MutationError(ProaError):
    """A mutation cannot be made; the message is upstream's."""


@dataclass(frozen=True, slots=True)
class Mutation:
    """One step of a policy: what an object is merged with, or patched by."""

    program: Program
    applies: bool

    def mutate(self, obj: Object, node: Node | None, values: Mapping[str, Any], budget: Budget) -> Object:
        """The object that comes of it. Raises MutationError."""
        try:
            wanted = self.program.evaluate(values, budget)
        except BudgetExhausted as error:
            raise MutationError(str(error)) from None
        except EvaluationError as error:
            raise MutationError(f"expression '{self.program.text}' resulted in error: {error}") from None
        return _merged(obj, node, wanted) if self.applies else _patched(obj, wanted)


def _merged(obj: Object, node: Node | None, wanted: Any) -> Object:
    if complaints := misplaced(wanted):
        raise MutationError("type mismatch: " + "\n".join(complaints))
    configuration = as_json(wanted)
    if complaints := list(misfits(node, configuration)):
        why = "failed to convert patch object to typed object: " + "\n".join(complaints)
        raise MutationError(f"error applying patch: {why}")
    if places := list(atomics(node, configuration)):
        message = f"may not mutate atomic arrays, maps or structs: {', '.join(places)}"
        raise MutationError(f"error applying patch: invalid ApplyConfiguration: {message}")
    try:
        merged: Object = merge(node, obj, configuration)
    except ApiError as error:
        raise MutationError(f"error applying patch: failed to merge patch: {error}") from None
    return merged


def _patched(obj: Object, wanted: Any) -> Object:
    operations = [as_json(operation) for operation in wanted]
    if complaints := [c for operation in wanted for c in _misplaced_value(operation)]:
        raise MutationError("type mismatch: " + "\n".join(complaints))
    tests = [index for index, operation in enumerate(operations) if operation.get("op") == "test"]
    try:
        return apply_json_patch(obj, operations)
    except ApiError as error:
        if tests and "test" in str(error):
            return obj
        raise MutationError(f"JSON Patch: {error}") from None


def _misplaced_value(operation: Any) -> list[str]:
    value = operation.get("value")
    return misplaced(value, value.cel_type.name) if hasattr(value, "cel_type") else []


@dataclass(frozen=True, slots=True)
class MutatingPolicy:
    """A policy that is ready to change objects; `broken` says why it is not."""

    name: str
    match: Match
    param_kind: Mapping[str, str] | None
    conditions: tuple[Mapping[str, str], ...]
    variables: Mapping[str, Program]
    mutations: tuple[Mutation, ...]
    ignores_failure: bool
    reinvoked: bool
    broken: str = ""

    def applies(self, values: Mapping[str, Any]) -> bool:
        """Whether the match conditions hold. Raises ConditionFailed."""
        return satisfied(self.conditions, values, params=bool(self.param_kind))

    def mutate(self, obj: Object, node: Node | None, values: Mapping[str, Any]) -> Object:
        """The object after all mutations. Raises MutationError."""
        if self.broken:
            raise MutationError(self.broken)
        for mutation in self.mutations:
            budget = Budget()
            seen = {**values, "object": obj}
            LazyVariables(self.variables, seen, budget)
            obj = mutation.mutate(obj, node, seen, budget)
        return obj


def compile_policy(policy: Object) -> MutatingPolicy:
    """From a stored MutatingAdmissionPolicy."""
    spec = policy["spec"]
    parts: dict[str, Any] = {"variables": {}, "mutations": ()}
    broken = ""
    try:
        scope = Scope.of(spec)
        mutations = tuple(compile_mutation(scope, entry) for entry in spec.get("mutations") or ())
        parts = {"variables": scope.programs, "mutations": mutations}
    except ExpressionError as error:
        broken = str(error)
    return MutatingPolicy(
        name=policy["metadata"]["name"],
        match=Match.of(spec.get("matchConstraints")),
        param_kind=spec.get("paramKind"),
        conditions=tuple(spec.get("matchConditions") or ()),
        ignores_failure=spec.get("failurePolicy") == "Ignore",
        reinvoked=spec.get("reinvocationPolicy") == "IfNeeded",
        broken=broken,
        **parts,
    )


def compile_mutation(scope: Scope, entry: Mapping[str, Any]) -> Mutation:
    """From an entry of spec.mutations. Raises ExpressionError."""
    applies = entry["patchType"] == "ApplyConfiguration"
    part = entry["applyConfiguration" if applies else "jsonPatch"]
    program = compile_expression(
        part["expression"].strip(),
        scope.variables(),
        (OBJECT,) if applies else (JSON_PATCHES,),
        library=PATCH_LIBRARY,
        find_type=find_type,
    )
    return Mutation(program, applies)
