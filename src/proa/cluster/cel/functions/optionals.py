"""Optional values. `or` and `orValue` look at their argument only when they need it: see the compiler.

Source: cel-go's optional types, version 2.
"""

from __future__ import annotations

from typing import Any

from proa.cluster.cel.errors import Failure, no_such_overload
from proa.cluster.cel.functions.overload import function, method
from proa.cluster.cel.types import BOOL, list_of, optional_of, param
from proa.cluster.cel.values import NONE, Duration, Optional

_V = param("V")
_OPTIONAL, _LIST = optional_of(_V), list_of(_V)


def is_zero(value: Any) -> bool:
    """Whether a value is the empty one of its type."""
    if isinstance(value, Optional):
        return not value.present
    if isinstance(value, Duration):
        return value.nanoseconds == 0
    if value is None:
        return True
    return isinstance(value, (bool, int, float, str, bytes, list, dict)) and not value


def _of_non_zero(value: Any) -> Optional:
    return NONE if is_zero(value) else Optional(value)


def _none() -> Optional:
    return NONE


def _value(optional: Optional) -> Any:
    if not optional.present:
        raise Failure("optional.none() dereference")
    return optional.value


def _has_value(optional: Optional) -> bool:
    return optional.present


def _never(_optional: Any, _other: Any) -> Any:
    raise no_such_overload()


def _first(elements: list[Any]) -> Optional:
    return Optional(elements[0]) if elements else NONE


def _last(elements: list[Any]) -> Optional:
    return Optional(elements[-1]) if elements else NONE


def _unwrap(elements: list[Any]) -> list[Any]:
    for element in elements:
        if not isinstance(element, Optional):
            raise Failure(f"value {element} is not optional")
    return [element.value for element in elements if element.present]


OVERLOADS = (
    function("optional.of", (_V,), _OPTIONAL, Optional),
    function("optional.ofNonZeroValue", (_V,), _OPTIONAL, _of_non_zero),
    function("optional.none", (), _OPTIONAL, _none),
    method("value", (_OPTIONAL,), _V, _value),
    method("hasValue", (_OPTIONAL,), BOOL, _has_value),
    method("or", (_OPTIONAL, _OPTIONAL), _OPTIONAL, _never),
    method("orValue", (_OPTIONAL, _V), _V, _never),
    method("last", (_LIST,), _OPTIONAL, _last),
    method("first", (_LIST,), _OPTIONAL, _first),
    function("optional.unwrap", (list_of(_OPTIONAL),), _LIST, _unwrap),
    method("unwrapOpt", (list_of(_OPTIONAL),), _LIST, _unwrap),
)
