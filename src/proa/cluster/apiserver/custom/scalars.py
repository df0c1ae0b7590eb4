"""Checks of types, strings and numbers against a custom resource's schema. Pure.

Source: kube-openapi, pkg/validation/validate/{type,values,validator}.go.
"""

from __future__ import annotations

from typing import Any

from proa.cluster.apiserver.custom import formats
from proa.cluster.apiserver.custom.findings import Findings, broken, longer, number, shown, wrong_type
from proa.cluster.apiserver.custom.structural import Schema
from proa.cluster.apiserver.schema.field_error import invalid_value
from proa.cluster.regexp import pattern

PASSED_PLAIN = 5
"""How many checks a scalar passes that has a type and no rule."""

_NAMES: dict[type, str] = {
    bool: "boolean", str: "string", int: "integer", float: "number", list: "array", dict: "object",
}  # fmt: skip
_CLASSES = {"string": str, "boolean": bool, "integer": int}
_GO_FORMATS: dict[type, str] = {int: "int64", float: "double"}
_RULES = frozenset(
    {
        "enum", "pattern", "minLength", "maxLength", "minimum", "maximum", "multipleOf", "allOf", "anyOf",
        "oneOf", "not",
    }
)  # fmt: skip
_INT32, _INT64 = 1 << 31, 1 << 63
_FLOAT32 = 3.4028235677973366e38


def class_without_rules(schema: Schema, types: tuple[str, ...], format_: str) -> type | None:
    """The class of which every value is right; None where there is more to look at."""
    if format_ or len(types) != 1 or not _RULES.isdisjoint(schema):
        return None
    return _CLASSES.get(types[0]) if types[0] != "integer" else None


def type_error(types: tuple[str, ...], format_: str, value: Any) -> tuple[str, str] | None:
    """(wanted, found) when a value is of another type."""
    found = _NAMES[value.__class__]
    numeric = "integer" in types or "number" in types
    whole = found == "number" and float(value).is_integer() and "integer" in types
    fits = found in types or whole or (found == "integer" and "number" in types)
    if format_ and found not in ("string", "array"):
        given = _GO_FORMATS.get(value.__class__, "")
        if not (fits or given == format_):
            return format_, given
    if format_ and not numeric and found in ("string", "array"):
        return None
    return None if fits else (",".join(types), found)


def same(value: Any, listed: Any) -> bool:
    """Whether a value is one of an enumeration: 1 is 1.0, and neither is true."""
    return bool(value == listed) and isinstance(value, bool) == isinstance(listed, bool)


def check_string(schema: Schema, format_: str, value: str, path: str) -> Findings:
    """Length, pattern and format."""
    findings = Findings(passed=2 if format_ else 1)
    length = len(value)
    most, least, wanted = schema.get("maxLength"), schema.get("minLength"), schema.get("pattern")
    if most is not None and length > most:
        findings.errors.append(longer(path, most))
    elif least is not None and length < least:
        findings.errors.append(broken(path, value, f"should be at least {least} chars long"))
    elif wanted and not pattern(wanted).found_in(value):
        findings.errors.append(broken(path, value, f"should match '{wanted}'"))
    check = formats.string_check(format_) if format_ else None
    if check is not None and not check(value):
        findings.errors.append(wrong_type(path, format_, value))
    return findings


def check_number(schema: Schema, types: tuple[str, ...], format_: str, value: float, path: str) -> Findings:
    """Range and multiple."""
    findings = Findings(passed=2)
    kind = types[0] if len(types) == 1 else ""
    if not _in_range(value, kind, format_):
        of = f"with format {format_}" if format_ else "(default format)"
        detail = f"Checked value must be of type {kind} {of} in {path}"
        findings.errors.append(invalid_value("<nil>", "", detail))
    factor, least, most = schema.get("multipleOf"), schema.get("minimum"), schema.get("maximum")
    if factor is not None and not _is_multiple(value, factor):
        findings.errors.append(broken(path, value, f"should be a multiple of {number(factor)}"))
    if least is not None:
        exclusive = bool(schema.get("exclusiveMinimum"))
        if value < least or (exclusive and value == least):
            how = "greater than" if exclusive else "greater than or equal to"
            findings.errors.append(broken(path, value, f"should be {how} {number(least)}"))
    if most is not None:
        exclusive = bool(schema.get("exclusiveMaximum"))
        if value > most or (exclusive and value == most):
            how = "less than" if exclusive else "less than or equal to"
            findings.errors.append(broken(path, value, f"should be {how} {number(most)}"))
    return findings


def _in_range(value: float, kind: str, format_: str) -> bool:
    if kind == "integer":
        limit = _INT32 if format_ == "int32" else _INT64
        return value == int(value) and -limit <= value < limit
    return format_ != "float" or abs(value) < _FLOAT32


def _is_multiple(value: float, factor: float) -> bool:
    if isinstance(value, int) and float(factor).is_integer():
        return value % int(factor) == 0
    quotient = 1 / factor * value if factor < 1 else value / factor
    return abs(quotient - round(quotient)) < 1e-9


__all__ = ["check_number", "check_string", "class_without_rules", "same", "shown", "type_error"]
