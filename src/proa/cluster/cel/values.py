"""CEL's values in Python, and how they compare.

bool, int, float, str, bytes, None, list and dict stand for themselves; a uint is a `Uint`;
times and the Kubernetes types are classes of their own.

Source: the CEL language definition, sections on equality and ordering.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from proa.cluster.cel.errors import no_such_overload

INT_MIN, INT_MAX, UINT_MAX = -(1 << 63), (1 << 63) - 1, (1 << 64) - 1


class Uint(int):
    """An unsigned 64-bit integer."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, order=True)
class Timestamp:
    """A moment: nanoseconds since 1970."""

    nanoseconds: int


@dataclass(frozen=True, slots=True, order=True)
class Duration:
    """A span of time in nanoseconds."""

    nanoseconds: int


@dataclass(frozen=True, slots=True, eq=False)
class Optional:
    """optional.of(value), or optional.none()."""

    value: Any = None
    present: bool = True


NONE = Optional(present=False)

_NUMBERS = (int, float)


def is_number(value: Any) -> bool:
    """Whether the value is an int, uint or double."""
    return isinstance(value, _NUMBERS) and not isinstance(value, bool)


def equal(first: Any, second: Any) -> bool:
    """CEL's `==`: numbers by value across their types, everything else only within its type."""
    kind, other = type(first), type(second)
    if kind is other and kind in _PLAIN:
        return bool(first == second)
    if is_number(first) and is_number(second):
        return bool(first == second)
    if isinstance(first, list) and isinstance(second, list):
        return len(first) == len(second) and all(map(equal, first, second))
    if isinstance(first, dict) and isinstance(second, dict):
        return len(first) == len(second) and all(_has_entry(second, key, first[key]) for key in first)
    if kind is Optional and other is Optional:
        return first.present == second.present and (not first.present or equal(first.value, second.value))
    return kind is other and bool(first == second)


_PLAIN = frozenset({str, int, bool, bytes, Timestamp, Duration})


def _has_entry(mapping: dict[Any, Any], key: Any, value: Any) -> bool:
    found = look_up(mapping, key)
    return found is not MISSING and equal(value, found)


MISSING = object()


def look_up(mapping: dict[Any, Any], key: Any) -> Any:
    """The value of a key, or MISSING. 1, 1u and 1.0 are one key, `true` is another."""
    if type(key) is str:
        return mapping.get(key, MISSING)
    if isinstance(key, (list, dict)):
        return MISSING
    if key in (0, 1):
        wanted = isinstance(key, bool)
        return next((v for k, v in mapping.items() if k == key and isinstance(k, bool) is wanted), MISSING)
    return mapping.get(key, MISSING)


def compare(first: Any, second: Any) -> int:
    """-1, 0 or 1. Raises Failure for what has no order."""
    if is_number(first) and is_number(second):
        if math.isnan(first) or math.isnan(second):
            raise no_such_overload()
    elif type(first) is not type(second) or type(first) not in _ORDERED:
        raise no_such_overload()
    return int(first > second) - int(first < second)


_ORDERED = frozenset({str, bool, bytes, Timestamp, Duration})
