"""Complaints that many kinds share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from proa.cluster.apiserver.names import LABEL, LABEL_VALUE, key_problems
from proa.cluster.apiserver.schema.field_error import (
    FieldError,
    duplicate,
    invalid_value,
    required,
    unsupported,
)
from proa.kube.quantities import parse_quantity
from proa.kube.resources import Object
from proa.kube.selectors import label_selector

IMMUTABLE = "field is immutable"
PROTOCOLS = ("SCTP", "TCP", "UDP")
_OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist")


def path(obj: Object | None, *names: str) -> Any:
    """The value at a path; None when anything on the way is absent."""
    value: Any = obj
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def elements(obj: Object | None, field: str, name: str) -> Iterator[tuple[str, Object]]:
    """(`field.name[i]`, element) of a list of objects."""
    for index, element in enumerate(path(obj, name) or ()):
        yield f"{field}.{name}[{index}]", element


def one_of(field: str, value: str | None, supported: Sequence[str]) -> Iterator[FieldError]:
    """A set value must be a supported one."""
    if value is not None and value not in supported:
        yield unsupported(field, value, supported)


def non_negative(field: str, value: int | None) -> Iterator[FieldError]:
    """A number, if set, must not be below zero."""
    if value is not None and value < 0:
        yield invalid_value(field, value, "must be greater than or equal to 0")


def in_range(field: str, value: int | None, low: int, high: int) -> Iterator[FieldError]:
    """A number, if set, must lie within the bounds."""
    if value is not None and not low <= value <= high:
        yield invalid_value(field, value, f"must be between {low} and {high}, inclusive")


def port(field: str, value: int | None) -> Iterator[FieldError]:
    """A port number."""
    return in_range(field, value, 1, 65535)


def immutable(obj: Object, old: Object | None, *names: str) -> Iterator[FieldError]:
    """A field, as a path, may not change once it is stored."""
    if old is not None and path(obj, *names) != path(old, *names):
        yield invalid_value(".".join(names), path(obj, *names), IMMUTABLE)


def dns_label(field: str, value: str) -> Iterator[FieldError]:
    """A DNS label."""
    return (invalid_value(field, value, problem) for problem in LABEL.problems(value))


def labels(field: str, values: Object | None) -> Iterator[FieldError]:
    """A map of labels."""
    for key, value in (values or {}).items():
        yield from (invalid_value(field, key, problem) for problem in key_problems(key))
        yield from (invalid_value(field, value, problem) for problem in LABEL_VALUE.problems(value))


def selector(field: str, value: Object | None) -> Iterator[FieldError]:
    """A LabelSelector."""
    yield from labels(f"{field}.matchLabels", path(value, "matchLabels"))
    for at, term in elements(value, field, "matchExpressions"):
        yield from (
            invalid_value(f"{at}.key", term.get("key"), p) for p in key_problems(term.get("key") or "")
        )
        operator, values = term.get("operator"), term.get("values")
        if operator not in _OPERATORS:
            yield invalid_value(f"{at}.operator", operator, "not a valid selector operator")
        elif operator in ("In", "NotIn") and not values:
            yield required(f"{at}.values", "must be specified when `operator` is 'In' or 'NotIn'")


def selects(value: Object | None, candidates: Object | None) -> bool:
    """Whether a LabelSelector matches labels; one that is not valid is reported elsewhere."""
    try:
        compiled = label_selector(value)
    except (KeyError, ValueError):
        return True
    return compiled is not None and compiled.matches(candidates or {})


def amounts(field: str, values: Object | None) -> Iterator[FieldError]:
    """Quantities by resource name; none is negative."""
    for name, amount in (values or {}).items():
        if parse_quantity(amount) < 0:
            yield invalid_value(f"{field}[{name}]", str(amount), "must be greater than or equal to 0")


def unique(field: str, values: Iterable[tuple[str, Any]]) -> Iterator[FieldError]:
    """(place, value) pairs; a set value may occur once. `field` is appended to the place."""
    seen = set()
    for at, value in values:
        if value and value in seen:
            yield duplicate(f"{at}{field}", value)
        seen.add(value)
