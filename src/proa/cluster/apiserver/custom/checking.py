"""Comparing a value with a custom resource's schema. Pure.

Source: kubernetes.io, custom resource definitions; kube-openapi, pkg/validation/validate, whose order
and choice of complaints it keeps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from proa.cluster.apiserver.custom import formats, scalars
from proa.cluster.apiserver.custom.correlation import deep_equal, element_before, key_before
from proa.cluster.apiserver.custom.findings import (
    Findings,
    broken,
    combination,
    missing,
    not_listed,
    too_much,
    wrong_type,
)
from proa.cluster.apiserver.custom.structural import ABSENT, INT_OR_STRING, Schema


class Checker:
    """The checks of one place; those below are made when first needed."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        int_or_string = bool(schema.get(INT_OR_STRING))
        type_ = schema.get("type") or ""
        self._types: tuple[str, ...] = ("integer", "string") if int_or_string else (type_,) if type_ else ()
        known = formats.is_known(self._types[0] if len(self._types) == 1 else "", schema.get("format") or "")
        self._format: str = schema["format"] if known else ""
        self._nullable = bool(schema.get("nullable"))
        self._enum: list[Any] = schema.get("enum") or []
        self._required: Sequence[str] = schema.get("required") or ()
        self._combined = any(name in schema for name in ("allOf", "anyOf", "oneOf", "not"))
        self._plain = scalars.class_without_rules(schema, self._types, self._format)

    @cached_property
    def _properties(self) -> Mapping[str, Checker]:
        return {name: Checker(schema) for name, schema in (self._schema.get("properties") or {}).items()}

    @cached_property
    def _values(self) -> Checker | None:
        schema = self._schema.get("additionalProperties")
        return Checker(schema) if isinstance(schema, Mapping) else None

    @cached_property
    def _items(self) -> Checker | None:
        schema = self._schema.get("items")
        return Checker(schema) if isinstance(schema, Mapping) else None

    def _alternatives(self, name: str) -> list[Checker]:
        known: list[Checker] | None = self._made.get(name)
        if known is None:
            known = self._made[name] = [Checker(schema) for schema in self._schema.get(name) or ()]
        return known

    @cached_property
    def _made(self) -> dict[str, list[Checker]]:
        return {}

    @cached_property
    def _forbidden(self) -> Checker | None:
        schema = self._schema.get("not")
        return Checker(schema) if schema is not None else None

    def check(self, value: Any, path: str = "", old: Any = ABSENT) -> Findings:
        """What is wrong with a value; nothing where it is as it was in `old`, which is stored."""
        findings = Findings(passed=1)
        if self._plain is value.__class__:
            findings.passed += scalars.PASSED_PLAIN
            return findings
        if value is None:
            findings.add(self._check_null(path))
        else:
            self._check_value(value, path, old, findings)
        if findings.errors and old is not ABSENT and deep_equal(value, old):
            findings.errors = []
        return findings

    def _check_null(self, path: str) -> Findings:
        if self._types and not self._nullable:
            return Findings([wrong_type(path, ",".join(self._types), "null")])
        errors = [not_listed(path, None, self._enum)] if self._enum and None not in self._enum else []
        return Findings(errors, 1)

    def _check_value(self, value: Any, path: str, old: Any, findings: Findings) -> None:
        if self._types or self._format:
            error = scalars.type_error(self._types, self._format, value)
            findings.passed += 1 if error else 2
            if error:
                findings.errors.append(wrong_type(path, *error))
        findings.passed += 2
        if self._combined:
            self._check_combinations(value, path, findings)
        if isinstance(value, str):
            findings.add(scalars.check_string(self._schema, self._format, value, path))
        elif isinstance(value, int | float) and not isinstance(value, bool):
            findings.add(scalars.check_number(self._schema, self._types, self._format, value, path))
        elif isinstance(value, list):
            self._check_list(value, path, old, findings)
        if self._enum and not any(scalars.same(value, item) for item in self._enum):
            findings.errors.append(not_listed(path, value, self._enum))
        findings.passed += 1
        if isinstance(value, dict):
            self._check_object(value, path, old, findings)

    def _check_list(self, value: list[Any], path: str, old: Any, findings: Findings) -> None:
        if self._items is not None:
            for index, item in enumerate(value):
                before = ABSENT if old is ABSENT else element_before(self._schema, item, old)
                findings.add(self._items.check(item, f"{path}[{index}]", before))
        count = len(value)
        least, most = self._schema.get("minItems"), self._schema.get("maxItems")
        if least is not None and count < least:
            findings.errors.append(broken(path, count, f"should have at least {least} items"))
        if most is not None and count > most:
            findings.errors.append(too_much(path, count, most))
        findings.passed += 2

    def _check_object(self, value: dict[str, Any], path: str, old: Any, findings: Findings) -> None:
        count = len(value)
        least, most = self._schema.get("minProperties"), self._schema.get("maxProperties")
        if least is not None and count < least:
            findings.errors.append(broken(path, count, f"should have at least {least} properties"))
        if most is not None and count > most:
            findings.errors.append(too_much(path, count, most))
        properties, values = self._properties, self._values
        for name, item in value.items():
            child = properties.get(name)
            if child is None and values is None:
                continue
            before = ABSENT if old is ABSENT else key_before(self._schema, name, old)
            if child is not None:
                below = f"{path}.{name}" if path else name
                findings.add(child.check(item, below, before))
            elif values is not None:
                findings.add(values.check(item, f"{path}.{name}", before))
        for name in self._required:
            if name not in value:
                findings.errors.append(missing(f"{path}.{name}"))
        findings.passed += 1

    def _check_combinations(self, value: Any, path: str, findings: Findings) -> None:
        any_of, one_of, all_of = (self._alternatives(name) for name in ("anyOf", "oneOf", "allOf"))
        if any_of:
            _check_any(any_of, value, path, findings)
        if one_of:
            _check_one(one_of, value, path, findings)
        if all_of:
            _check_all(all_of, value, path, findings)
        if self._forbidden is not None and not self._forbidden.check(value, path).errors:
            findings.errors.append(combination(path, "must not validate the schema (not)"))
        findings.passed += 1


def _closest(failures: Sequence[Findings]) -> Findings:
    """The first of those that passed the most checks."""
    return max(failures, key=lambda failure: failure.passed)


def _check_any(options: Sequence[Checker], value: Any, path: str, findings: Findings) -> None:
    failures = []
    for option in options:
        found = option.check(value, path)
        if not found.errors:
            findings.add(found)
            return
        failures.append(found)
    findings.errors.append(combination(path, "must validate at least one schema (anyOf)"))
    findings.add(_closest(failures))


def _check_one(options: Sequence[Checker], value: Any, path: str, findings: Findings) -> None:
    found = [option.check(value, path) for option in options]
    right = [result for result in found if not result.errors]
    if len(right) == 1:
        findings.add(right[0])
        return
    why = f"Found {len(right)} valid alternatives" if right else "Found none valid"
    findings.errors.append(combination(path, f"must validate one and only one schema (oneOf). {why}"))
    if not right:
        findings.add(_closest(found))


def _check_all(options: Sequence[Checker], value: Any, path: str, findings: Findings) -> None:
    found = [option.check(value, path) for option in options]
    for result in found:
        findings.add(result)
    wrong = [result for result in found if result.errors]
    if wrong:
        none = ". None validated" if len(wrong) == len(found) else ""
        findings.errors.append(combination(path, f"must validate all the schemas (allOf){none}"))
