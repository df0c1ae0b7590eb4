"""Arithmetic on CEL's numbers and times, with their bounds.

Source: the CEL language definition; the words of errors are cel-go's.
"""

from __future__ import annotations

import math
from typing import Any

from proa.cluster.cel.errors import Failure, no_such_overload
from proa.cluster.cel.values import INT_MAX, INT_MIN, UINT_MAX, Duration, Optional, Timestamp, Uint

MIN_TIME, MAX_TIME = -62135596800, 253402300799
"""The first and last second that a timestamp can name: years 1 to 9999."""

_NAMES: dict[type, str] = {
    bool: "bool",
    int: "int",
    Uint: "uint",
    float: "double",
    str: "string",
    bytes: "bytes",
    list: "list",
    dict: "map",
    type(None): "null_type",
    Timestamp: "google.protobuf.Timestamp",
    Duration: "google.protobuf.Duration",
    Optional: "optional_type",
}


def name_of(value: Any) -> str:
    """The name of a value's type."""
    return _NAMES.get(type(value)) or str(getattr(value, "type_name", "dyn"))


def shown(value: Any) -> str:
    """A value as messages show it."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


def checked(value: int, kind: type[int]) -> int:
    """An int or uint within its bounds. Raises Failure."""
    if kind is Uint:
        if not 0 <= value <= UINT_MAX:
            raise Failure("unsigned integer overflow")
        return Uint(value)
    if not INT_MIN <= value <= INT_MAX:
        raise Failure("integer overflow")
    return value


def add(first: Any, second: Any) -> Any:
    """Of two numbers of one type."""
    if type(first) is int:
        total = first + second
        return total if INT_MIN <= total <= INT_MAX else checked(total, int)
    return first + second if type(first) is float else checked(int(first) + int(second), type(first))


def subtract(first: Any, second: Any) -> Any:
    """Of two numbers of one type."""
    return first - second if type(first) is float else checked(int(first) - int(second), type(first))


def multiply(first: Any, second: Any) -> Any:
    """Of two numbers of one type."""
    return first * second if type(first) is float else checked(int(first) * int(second), type(first))


def divide(first: Any, second: Any) -> Any:
    """Of two numbers of one type; of whole numbers towards zero."""
    if type(first) is float:
        return _divide_doubles(first, second)
    if second == 0:
        raise Failure("division by zero")
    quotient = abs(int(first)) // abs(int(second))
    return checked(quotient if (first < 0) == (second < 0) else -quotient, type(first))


def _divide_doubles(first: float, second: float) -> float:
    if second:
        return first / second
    if first == 0 or math.isnan(first):
        return math.nan
    return math.copysign(math.inf, first) * math.copysign(1, second)


def modulo(first: Any, second: Any) -> Any:
    """Of two whole numbers; the sign is that of the first."""
    if second == 0:
        raise Failure("modulus by zero")
    if first == INT_MIN and second == -1:
        raise Failure("integer overflow")
    rest = abs(int(first)) % abs(int(second))
    return type(first)(-rest if first < 0 else rest)


def negate(value: Any) -> Any:
    """Of an int or a double."""
    return -value if type(value) is float else checked(-value, int)


def concatenate(first: Any, second: Any) -> Any:
    """Of two strings, bytes or lists."""
    return first + second


def timestamp(nanoseconds: int) -> Timestamp:
    """A moment within the years 1 to 9999. Raises Failure."""
    if not MIN_TIME <= nanoseconds // 1_000_000_000 <= MAX_TIME:
        raise Failure("timestamp overflow")
    return Timestamp(nanoseconds)


def duration(nanoseconds: int) -> Duration:
    """A span that fits 64 bits. Raises Failure."""
    if not INT_MIN <= nanoseconds <= INT_MAX:
        raise Failure("integer overflow")
    return Duration(nanoseconds)


def add_time(first: Any, second: Any) -> Any:
    """A span and a span, or a moment and a span."""
    total = first.nanoseconds + second.nanoseconds
    both_spans = isinstance(first, Duration) and isinstance(second, Duration)
    return duration(total) if both_spans else timestamp(total)


def subtract_time(first: Any, second: Any) -> Any:
    """A span from a moment or a span, or a moment from a moment."""
    if isinstance(first, Duration) and isinstance(second, Timestamp):
        raise no_such_overload()
    difference = first.nanoseconds - second.nanoseconds
    return timestamp(difference) if type(first) is not type(second) else duration(difference)
