"""CEL's standard functions but operators, conversions and times, and Kubernetes' regular expressions.

Source: the CEL language definition, list of standard definitions; the apiserver's regex library.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from proa.cluster.cel.errors import Failure
from proa.cluster.cel.functions.overload import function, method, regex_cost, size_of, tenth
from proa.cluster.cel.types import BOOL, BYTES, INT, STRING, list_of, map_of, param
from proa.cluster.regexp import Pattern, PatternError, pattern

_A, _B = param("A"), param("B")
_SIZED = (BYTES, list_of(_A), map_of(_A, _B), STRING)


def _compiled(text: str, prefix: str = "") -> Pattern:
    try:
        return pattern(text)
    except PatternError as error:
        raise Failure(f"{prefix}{error}") from None


def _matches(text: str, wanted: str) -> bool:
    return _compiled(wanted).found_in(text)


def _find(text: str, wanted: str) -> str:
    return _compiled(wanted, "Illegal regex: ").find(text)


def _find_all(text: str, wanted: str, limit: int = -1) -> list[str]:
    return _compiled(wanted, "Illegal regex: ").find_all(text, limit)


def _contains_cost(args: Sequence[Any], _result: Any) -> int:
    return tenth(size_of(args[0])) * tenth(size_of(args[1]))


def _affix_cost(args: Sequence[Any], _result: Any) -> int:
    return tenth(size_of(args[1]))


OVERLOADS = (
    *(function("size", (given,), INT, len) for given in _SIZED),
    *(method("size", (given,), INT, len) for given in _SIZED),
    method("contains", (STRING, STRING), BOOL, str.__contains__, _contains_cost),
    method("endsWith", (STRING, STRING), BOOL, str.endswith, _affix_cost),
    method("startsWith", (STRING, STRING), BOOL, str.startswith, _affix_cost),
    function("matches", (STRING, STRING), BOOL, _matches, regex_cost),
    method("matches", (STRING, STRING), BOOL, _matches, regex_cost),
    method("find", (STRING, STRING), STRING, _find, regex_cost),
    method("findAll", (STRING, STRING), list_of(STRING), _find_all, regex_cost),
    method("findAll", (STRING, STRING, INT), list_of(STRING), _find_all, regex_cost),
)
