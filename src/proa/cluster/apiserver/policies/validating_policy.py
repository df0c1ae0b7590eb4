"""A ValidatingAdmissionPolicy, compiled, and what it says of one request with one parameter.

Source: apiserver, pkg/admission/plugin/policy/validating.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from proa.cluster.apiserver.policies.activation import LazyVariables
from proa.cluster.apiserver.policies.conditions import ConditionFailed, satisfied
from proa.cluster.apiserver.policies.expressions import ExpressionError, compile_expression
from proa.cluster.apiserver.policies.matching import Match
from proa.cluster.apiserver.policies.scope import Scope
from proa.cluster.cel import Budget, BudgetExhausted, EvaluationError, Program
from proa.cluster.cel.types import BOOL, NULL, STRING
from proa.kube.resources import Object

_LONGEST_MESSAGE = 5 << 10
_LONGEST_ANNOTATION = 10 << 10


@dataclass(frozen=True, slots=True)
class Validation:
    """An expression that has to be true."""

    index: int
    expression: str
    program: Program
    message: str
    message_program: Program | None
    reason: str


@dataclass(frozen=True, slots=True)
class Violation:
    """A validation that is not true, or that has no value."""

    index: int
    message: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a policy says of a request."""

    violations: tuple[Violation, ...] = ()
    annotations: Mapping[str, str] = field(default_factory=dict)
    annotation_errors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ValidatingPolicy:
    """A policy that is ready to judge; `broken` says why it is not."""

    name: str
    match: Match
    param_kind: Mapping[str, str] | None
    conditions: tuple[Mapping[str, str], ...]
    variables: Mapping[str, Program]
    validations: tuple[Validation, ...]
    annotations: Mapping[str, Program]
    ignores_failure: bool
    broken: str = ""

    def judge(self, values: Mapping[str, Any]) -> Verdict:
        """The verdict on the values of one request, parameter included."""
        if self.broken:
            return self._failed(self.broken)
        try:
            if not satisfied(self.conditions, values, params=bool(self.param_kind)):
                return Verdict()
        except ConditionFailed as error:
            return self._failed(str(error)) if not self.ignores_failure else Verdict()
        return _Judgement(self, values).verdict()

    def _failed(self, message: str) -> Verdict:
        return Verdict() if self.ignores_failure else Verdict((Violation(0, message),))


class _Judgement:
    def __init__(self, policy: ValidatingPolicy, values: Mapping[str, Any]) -> None:
        self._policy = policy
        self._budget = Budget()
        self._values = dict(values)
        LazyVariables(policy.variables, self._values, self._budget)

    def verdict(self) -> Verdict:
        try:
            violations = tuple(self._violations())
        except BudgetExhausted as error:
            violations = () if self._policy.ignores_failure else (Violation(0, str(error)),)
        annotations: dict[str, str] = {}
        errors = []
        for key, program in self._policy.annotations.items():
            try:
                value = program.evaluate(self._values, self._budget)
            except EvaluationError as error:
                errors.append(_resulted(program, error))
                continue
            if value and value.strip():
                annotations[key] = value.strip()[:_LONGEST_ANNOTATION]
        return Verdict(violations, annotations, () if self._policy.ignores_failure else tuple(errors))

    def _violations(self) -> Iterator[Violation]:
        for validation in self._policy.validations:
            try:
                holds = validation.program.evaluate(self._values, self._budget)
            except BudgetExhausted:
                raise
            except EvaluationError as error:
                if not self._policy.ignores_failure:
                    yield Violation(validation.index, _resulted(validation.program, error))
                continue
            if not holds:
                yield Violation(validation.index, self._message(validation), validation.reason)

    def _message(self, validation: Validation) -> str:
        return (
            self._computed(validation)
            or validation.message.strip()
            or f"failed expression: {validation.expression.strip()}"
        )

    def _computed(self, validation: Validation) -> str:
        if validation.message_program is None:
            return ""
        try:
            message = str(validation.message_program.evaluate(self._values, self._budget)).strip()
        except BudgetExhausted:
            raise
        except EvaluationError:
            return ""
        return "" if "\n" in message or len(message) > _LONGEST_MESSAGE else message


def _resulted(program: Program, error: EvaluationError) -> str:
    return f"expression '{program.text}' resulted in error: {error}"


def compile_policy(policy: Object) -> ValidatingPolicy:
    """From a stored ValidatingAdmissionPolicy."""
    spec = policy["spec"]
    parts: dict[str, Any] = {"variables": {}, "validations": (), "annotations": {}}
    broken = ""
    try:
        parts = _compiled(spec)
    except ExpressionError as error:
        broken = str(error)
    return ValidatingPolicy(
        name=policy["metadata"]["name"],
        match=Match.of(spec.get("matchConstraints")),
        param_kind=spec.get("paramKind"),
        conditions=tuple(spec.get("matchConditions") or ()),
        ignores_failure=spec.get("failurePolicy") == "Ignore",
        broken=broken,
        **parts,
    )


def _compiled(spec: Object) -> dict[str, Any]:
    scope = Scope.of(spec)
    entries = enumerate(spec.get("validations") or ())
    return {
        "variables": scope.programs,
        "validations": tuple(_validation(scope, index, entry) for index, entry in entries),
        "annotations": {
            entry["key"]: compile_expression(
                entry["valueExpression"].strip(), scope.variables(), (STRING, NULL)
            )
            for entry in spec.get("auditAnnotations") or ()
        },
    }


def _validation(scope: Scope, index: int, entry: Mapping[str, Any]) -> Validation:
    message = entry.get("messageExpression")
    return Validation(
        index,
        entry["expression"],
        compile_expression(entry["expression"], scope.variables(), (BOOL,)),
        entry.get("message") or "",
        compile_expression(message, scope.variables(authorizer=False), (STRING,)) if message else None,
        entry.get("reason") or "",
    )
