"""From one type to another: `int(x)`, `string(x)`, `timestamp(x)`, `dyn(x)`, `type(x)`.

Source: the CEL language definition; the words of errors are cel-go's.
"""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import Any

from proa.cluster.cel import arithmetic, times
from proa.cluster.cel.errors import Failure
from proa.cluster.cel.functions.overload import function, traversal
from proa.cluster.cel.runtime_types import type_of_value
from proa.cluster.cel.types import (
    BOOL,
    BYTES,
    DOUBLE,
    DURATION,
    DYN,
    INT,
    STRING,
    TIMESTAMP,
    UINT,
    param,
    type_of,
)
from proa.cluster.cel.values import INT_MAX, INT_MIN, UINT_MAX, Duration, Timestamp, Uint

_A = param("A")
_TRUE = frozenset({"1", "t", "T", "true", "TRUE", "True"})
_FALSE = frozenset({"0", "f", "F", "false", "FALSE", "False"})
_LONGEST = 1000
_INTEGER = re.compile(r"[+-]?0*[0-9]{1,20}")
_UNSIGNED = re.compile(r"0*[0-9]{1,20}")
_DOUBLE = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[+-]?(?i:inf|infinity)|(?i:nan)")


def _same(value: Any) -> Any:
    return value


def _no_conversion(name: str) -> Failure:
    return Failure(f"type conversion error from 'string' to '{name}'")


def _string_to_bool(text: str) -> bool:
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise _no_conversion("bool")


def _string_to_double(text: str) -> float:
    if _DOUBLE.fullmatch(text):
        return float(text)
    raise _no_conversion("double")


def _double_to_int(value: float) -> int:
    if math.isnan(value) or not INT_MIN < value < INT_MAX:
        raise Failure("integer overflow")
    return int(value)


def _double_to_uint(value: float) -> Uint:
    if math.isnan(value) or not 0 <= value < UINT_MAX:
        raise Failure("unsigned integer overflow")
    return Uint(int(value))


def _string_to_int(text: str) -> int:
    if not _INTEGER.fullmatch(text):
        raise _no_conversion("int")
    if len(text) > _LONGEST or not INT_MIN <= int(text) <= INT_MAX:
        raise _no_conversion("int")
    return int(text)


def _string_to_uint(text: str) -> Uint:
    if not _UNSIGNED.fullmatch(text):
        raise _no_conversion("uint")
    if len(text) > _LONGEST or int(text) > UINT_MAX:
        raise _no_conversion("uint")
    return Uint(text)


def _int_to_uint(value: int) -> Uint:
    return Uint(arithmetic.checked(value, Uint))


def _uint_to_int(value: Uint) -> int:
    return arithmetic.checked(int(value), int)


def _bytes_to_string(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise Failure("invalid UTF-8 in bytes, cannot convert to string") from None


def double_to_string(value: float) -> str:
    """The shortest digits that mean the number; with an exponent below 1e-4 and from 1e21 on."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    exact = Decimal(repr(value))
    if value and not -4 <= exact.adjusted() < 21:
        digits = "".join(map(str, exact.normalize().as_tuple().digits))
        mantissa = f"{digits[0]}.{digits[1:]}".rstrip(".")
        return f"{'-' if value < 0 else ''}{mantissa}e{exact.adjusted():+03}"
    return f"{exact:f}".removesuffix(".0")


def _int_to_timestamp(seconds: int) -> Timestamp:
    return arithmetic.timestamp(seconds * 1_000_000_000)


def _timestamp_to_int(value: Timestamp) -> int:
    return value.nanoseconds // 1_000_000_000


def _duration_to_int(value: Duration) -> int:
    return value.nanoseconds


_BY_TEXT = traversal(0)

OVERLOADS = (
    function("type", (_A,), type_of(_A), type_of_value),
    function("dyn", (_A,), DYN, _same),
    function("bool", (BOOL,), BOOL, _same),
    function("bool", (STRING,), BOOL, _string_to_bool),
    function("bytes", (BYTES,), BYTES, _same),
    function("bytes", (STRING,), BYTES, str.encode, _BY_TEXT),
    function("double", (DOUBLE,), DOUBLE, _same),
    function("double", (INT,), DOUBLE, float),
    function("double", (STRING,), DOUBLE, _string_to_double),
    function("double", (UINT,), DOUBLE, float),
    function("duration", (DURATION,), DURATION, _same),
    function("duration", (STRING,), DURATION, times.parse_duration),
    function("int", (INT,), INT, _same),
    function("int", (DOUBLE,), INT, _double_to_int),
    function("int", (DURATION,), INT, _duration_to_int),
    function("int", (STRING,), INT, _string_to_int),
    function("int", (TIMESTAMP,), INT, _timestamp_to_int),
    function("int", (UINT,), INT, _uint_to_int),
    function("string", (STRING,), STRING, _same),
    function("string", (BOOL,), STRING, arithmetic.shown),
    function("string", (BYTES,), STRING, _bytes_to_string, _BY_TEXT),
    function("string", (DOUBLE,), STRING, double_to_string),
    function("string", (DURATION,), STRING, times.format_duration),
    function("string", (INT,), STRING, arithmetic.shown),
    function("string", (TIMESTAMP,), STRING, times.format_timestamp),
    function("string", (UINT,), STRING, arithmetic.shown),
    function("timestamp", (TIMESTAMP,), TIMESTAMP, _same),
    function("timestamp", (INT,), TIMESTAMP, _int_to_timestamp),
    function("timestamp", (STRING,), TIMESTAMP, times.parse_timestamp),
    function("uint", (UINT,), UINT, _same),
    function("uint", (DOUBLE,), UINT, _double_to_uint),
    function("uint", (INT,), UINT, _int_to_uint),
    function("uint", (STRING,), UINT, _string_to_uint),
)
