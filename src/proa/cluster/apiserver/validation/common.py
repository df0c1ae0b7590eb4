"""Complaints that many kinds share."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import wraps
from typing import Any

from proa.cluster.apiserver.names import LABEL, key_problems, label_value_problems
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


Rule = Callable[[Object, Object | None], Iterable[FieldError]]
"""Complaints about an object; the second argument is the stored one on an update."""


def of_spec(rule: Rule) -> Rule:
    """Limit a rule that reads nothing but the spec: what was accepted is looked at again when it changed."""

    @wraps(rule)
    def limited(obj: Object, old: Object | None) -> Iterable[FieldError]:
        return () if old is not None and obj.get("spec") == old.get("spec") else rule(obj, old)

    return limited


def elements(obj: Object | None, field: str, name: str) -> Sequence[tuple[str, Object]]:
    """(`field.name[i]`, element) of a list of objects."""
    found = obj.get(name) if isinstance(obj, dict) else None
    return [(f"{field}.{name}[{index}]", element) for index, element in enumerate(found)] if found else ()


def one_of(field: str, value: str | None, supported: Sequence[str]) -> Sequence[FieldError]:
    """A set value must be a supported one."""
    if value is None or value in supported:
        return ()
    return [unsupported(field, value, supported)]


def non_negative(field: str, value: int | None) -> Sequence[FieldError]:
    """A number, if set, must not be below zero."""
    if value is None or value >= 0:
        return ()
    return [invalid_value(field, value, "must be greater than or equal to 0")]


def in_range(field: str, value: int | None, low: int, high: int) -> Sequence[FieldError]:
    """A number, if set, must lie within the bounds."""
    if value is None or low <= value <= high:
        return ()
    return [invalid_value(field, value, f"must be between {low} and {high}, inclusive")]


def port(field: str, value: int | None) -> Sequence[FieldError]:
    """A port number."""
    return in_range(field, value, 1, 65535)


def network(field: str, value: str) -> Iterator[FieldError]:
    """A range of addresses; bits of a host may be set."""
    try:
        ipaddress.ip_network(value, strict=False)
    except ValueError:
        detail = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"
        yield invalid_value(field, value, detail)


def immutable(obj: Object, old: Object | None, *names: str) -> Iterator[FieldError]:
    """A field, as a path, may not change once it is stored."""
    if old is not None and path(obj, *names) != path(old, *names):
        yield invalid_value(".".join(names), path(obj, *names), IMMUTABLE)


def dns_label(field: str, value: str) -> Sequence[FieldError]:
    """A DNS label."""
    return [invalid_value(field, value, problem) for problem in LABEL.problems(value)]


def labels(field: str, values: Object | None) -> Sequence[FieldError]:
    """A map of labels."""
    return [
        invalid_value(field, text, problem)
        for key, value in (values or {}).items()
        for text, problems in ((key, key_problems(key)), (value, label_value_problems(value)))
        for problem in problems
    ]


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


def amounts(field: str, values: Object | None) -> Sequence[FieldError]:
    """Quantities by resource name; none is negative."""
    return [
        invalid_value(f"{field}[{name}]", str(amount), "must be greater than or equal to 0")
        for name, amount in (values or {}).items()
        if parse_quantity(amount).numerator < 0
    ]


def unique(field: str, values: Iterable[tuple[str, Any]]) -> Iterator[FieldError]:
    """(place, value) pairs; a set value may occur once. `field` is appended to the place."""
    seen = set()
    for at, value in values:
        if value and value in seen:
            yield duplicate(f"{at}{field}", value)
        seen.add(value)
