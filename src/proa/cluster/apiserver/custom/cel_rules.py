"""The rules in CEL of a custom resource's schema (x-kubernetes-validations). Pure.

Source: kubernetes.io, validation rules; apiextensions-apiserver, pkg/apiserver/schema/cel.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from proa.cluster import cel
from proa.cluster.apiserver.custom.correlation import deep_equal, element_before, key_before
from proa.cluster.apiserver.custom.structural import ABSENT, RULES, Structural
from proa.cluster.apiserver.schema.field_error import (
    OMITTED,
    FieldError,
    duplicate,
    forbidden,
    invalid_value,
    required,
)
from proa.cluster.cel.values import NONE, Optional

_FIRST = ("Required value", "Too long", "Too many", "Unsupported value")
_NOT_CHECKED = (
    "some validation rules were not checked because the object was invalid; correct the existing errors to "
    "complete validation"
)


def blocks(errors: list[FieldError]) -> FieldError | None:
    """The complaint that rules were not looked at, as an object's shape is not as they take it to be."""
    wrong = any(error.type in _FIRST or error.reason == "FieldValueTypeInvalid" for error in errors)
    return invalid_value("<nil>", None, _NOT_CHECKED) if wrong else None


@dataclass(frozen=True)
class Rule:
    """One rule, compiled."""

    declared: Mapping[str, Any]
    program: cel.Program
    message: cel.Program | None

    @property
    def compares(self) -> bool:
        """Whether it is about a change."""
        return "oldSelf" in self.program.variables

    @property
    def optional(self) -> bool:
        """Whether it is asked about what is new, too."""
        return bool(self.declared.get("optionalOldSelf"))

    @property
    def name(self) -> str:
        """By what it is called in a complaint about itself."""
        return str(self.declared.get("message") or self.declared["rule"]).strip()

    @property
    def text(self) -> str:
        """What is said of it when it has no message."""
        said = str(self.declared.get("message") or "").strip()
        return said or f"failed rule: {self.declared['rule'].strip()}"


def variables_of(declared: Mapping[str, Any], type_: cel.Type) -> dict[str, cel.Type]:
    """What a rule can refer to."""
    return {
        "self": type_,
        "oldSelf": cel.types.optional_of(type_) if declared.get("optionalOldSelf") else type_,
    }


def compile_rule(declared: Mapping[str, Any], type_: cel.Type) -> tuple[cel.Program, cel.Program | None]:
    """The programs of a rule and of its message. Raises CompileError."""
    variables = variables_of(declared, type_)
    message = declared.get("messageExpression")
    program = cel.compile(declared["rule"], variables)
    return program, cel.compile(message, variables) if message else None


class Rules:
    """The rules of a place and of those below it; compiled when first needed."""

    def __init__(self, place: Structural, *, root: bool = False) -> None:
        self.place = place
        self._root = root

    @cached_property
    def _own(self) -> tuple[Rule, ...]:
        declared = self.place.schema.get(RULES) or ()
        type_ = cel.types.from_schema(self.place.schema, root=self._root) if declared else None
        return tuple(Rule(one, *compile_rule(one, type_)) for one in declared) if type_ is not None else ()

    @cached_property
    def _below(self) -> Mapping[str, Rules]:
        return {name: Rules(child) for name, child in self.place.properties.items() if child.has_rules}

    @cached_property
    def _values(self) -> Rules | None:
        values = self.place.values
        return Rules(values) if values is not None and values.has_rules else None

    @cached_property
    def _items(self) -> Rules | None:
        items = self.place.items
        return Rules(items) if items is not None and items.has_rules else None

    def check(self, value: Any, old: Any, path: str, budget: cel.Budget) -> Iterator[FieldError]:
        """Complaints about a value; `old` is what it was, or ABSENT. Raises BudgetExhausted."""
        if value is None:
            return
        for rule in self._own:
            yield from self._evaluate(rule, value, old, path, budget)
        if isinstance(value, dict):
            yield from self._check_object(value, old, path, budget)
        elif isinstance(value, list) and self._items is not None:
            for index, item in enumerate(value):
                before = ABSENT if old is ABSENT else element_before(self.place.schema, item, old)
                yield from self._items.check(item, before, f"{path}[{index}]", budget)

    def _check_object(
        self, value: dict[str, Any], old: Any, path: str, budget: cel.Budget
    ) -> Iterator[FieldError]:
        for name, item in value.items():
            named = name in self.place.properties
            rules = self._below.get(name) if named else self._values
            if rules is not None:
                before = ABSENT if old is ABSENT else key_before(self.place.schema, name, old)
                below = (f"{path}.{name}" if path else name) if named else f"{path}[{name}]"
                yield from rules.check(item, before, below, budget)

    def _evaluate(
        self, rule: Rule, value: Any, old: Any, path: str, budget: cel.Budget
    ) -> Iterator[FieldError]:
        fresh = old is ABSENT or old is None
        if rule.compares and fresh and not rule.optional:
            return
        before: Any = (NONE if fresh else Optional(old)) if rule.optional else old
        given = {"self": value, "oldSelf": before}
        where, type_ = path or "<nil>", self.place.type or "object"
        try:
            if rule.program.evaluate(given, budget) is True:
                return
        except cel.Failure as fault:
            yield invalid_value(where, type_, _failure(fault, rule))
            return
        except cel.Cancelled as fault:
            why = "no further validation rules will be run due to call cost exceeds limit for rule"
            yield invalid_value(where, type_, f"'{fault}': {why}: {rule.name}")
            return
        if rule.compares or fresh or not deep_equal(value, old):
            yield self._refusal(rule, value, path, _message(rule, given, budget))

    def _refusal(self, rule: Rule, value: Any, path: str, detail: str) -> FieldError:
        pointed = str(rule.declared.get("fieldPath") or "")
        where = f"{path}{pointed}".removeprefix(".") or "<nil>"
        shown = OMITTED if self.place.type in ("object", "array") else value
        match rule.declared.get("reason"):
            case "FieldValueForbidden":
                return forbidden(where, detail)
            case "FieldValueRequired":
                return required(where, detail)
            case "FieldValueDuplicate":
                return duplicate(where, shown)
        return invalid_value(where, shown, detail)


def _failure(fault: cel.Failure, rule: Rule) -> str:
    text = rule.name
    if str(fault).startswith("no such overload"):
        why = "call arguments did not match a supported operator, function or macro signature"
        return f"'{fault}': {why} for rule: {text}"
    return f"{fault} evaluating rule: {text}"


def _message(rule: Rule, given: Mapping[str, Any], budget: cel.Budget) -> str:
    """What the message expression says; the fixed message where it says nothing fit to be shown."""
    if rule.message is None:
        return rule.text
    try:
        said = rule.message.evaluate(given, budget)
    except (cel.Failure, cel.Cancelled):
        return rule.text
    fit = isinstance(said, str) and said.strip() and "\n" not in said and len(said) <= 5 << 10
    return str(said) if fit else rule.text
