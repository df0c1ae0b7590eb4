"""Operators, as functions with cel-go's names.

`&&`, `||`, `?:` and selection are no functions: the compiler knows them.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from proa.cluster.cel import arithmetic, values
from proa.cluster.cel.errors import Failure, no_such_overload
from proa.cluster.cel.functions.overload import Overload, function, size_of, tenth
from proa.cluster.cel.types import (
    BOOL,
    BYTES,
    DOUBLE,
    DURATION,
    INT,
    STRING,
    TIMESTAMP,
    UINT,
    list_of,
    map_of,
    optional_of,
    param,
)
from proa.cluster.cel.values import MISSING, NONE, Optional

_A, _B, _K, _V = param("A"), param("B"), param("K"), param("V")
_ORDERED = (BOOL, INT, UINT, DOUBLE, STRING, BYTES, TIMESTAMP, DURATION)
_NUMBERS = (INT, UINT, DOUBLE)


def smaller(args: Sequence[Any], _result: Any) -> int:
    """Comparing two values costs by the smaller one."""
    return tenth(min(size_of(args[0]), size_of(args[1])))


def _both(args: Sequence[Any], _result: Any) -> int:
    return tenth(size_of(args[0]) + size_of(args[1]))


def _second(args: Sequence[Any], _result: Any) -> int:
    return size_of(args[1])


def _unequal(first: Any, second: Any) -> bool:
    return not values.equal(first, second)


_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "_<_": lambda first, second: _ordered(first, second, lambda order: order < 0),
    "_<=_": lambda first, second: _ordered(first, second, lambda order: order <= 0),
    "_>_": lambda first, second: _ordered(first, second, lambda order: order > 0),
    "_>=_": lambda first, second: _ordered(first, second, lambda order: order >= 0),
}


_DIRECT = {"_<_": operator.lt, "_<=_": operator.le, "_>_": operator.gt, "_>=_": operator.ge}
"""The same for two values of one type that always has an order."""


def _ordered(first: Any, second: Any, decide: Callable[[int], bool]) -> bool:
    return decide(values.compare(first, second))


def _comparisons() -> Iterator[Overload]:
    for name, run in _COMPARISONS.items():
        for given in _ORDERED:
            same = run if given == DOUBLE else _DIRECT[name]
            yield function(name, (given, given), BOOL, same, smaller if given in (STRING, BYTES) else 1)
        for first in _NUMBERS:
            for second in _NUMBERS:
                if first != second:
                    yield function(name, (first, second), BOOL, run)


def _index_list(elements: list[Any], index: Any) -> Any:
    position = _position(index)
    if not 0 <= position < len(elements):
        raise Failure(f"index out of bounds: {position}")
    return elements[position]


def _position(index: Any) -> int:
    if isinstance(index, bool) or not isinstance(index, (int, float)) or math.isnan(index):
        raise Failure(f"unsupported index type '{arithmetic.name_of(index)}' in list")
    if isinstance(index, float) and not index.is_integer():
        raise Failure(f"unsupported index value {index} in list")
    return int(index)


def _index_map(mapping: dict[Any, Any], key: Any) -> Any:
    found = values.look_up(mapping, key)
    if found is MISSING:
        raise Failure(f"no such key: {arithmetic.shown(key)}")
    return found


def index(container: Any, key: Any) -> Any:
    """`container[key]` of a list, a map or an optional one. Raises Failure."""
    if isinstance(container, dict):
        return _index_map(container, key)
    if isinstance(container, list):
        return _index_list(container, key)
    if isinstance(container, Optional):
        return Optional(index(container.value, key)) if container.present else NONE
    raise no_such_overload()


def optional_index(container: Any, key: Any) -> Optional:
    """`container[?key]`: none where `container[key]` is not there."""
    if isinstance(container, Optional):
        return optional_index(container.value, key) if container.present else NONE
    if isinstance(container, dict):
        found = values.look_up(container, key)
        return NONE if found is MISSING else Optional(found)
    if isinstance(container, list):
        position = _position(key)
        return Optional(container[position]) if 0 <= position < len(container) else NONE
    raise no_such_overload()


def _contains(element: Any, elements: list[Any]) -> bool:
    return any(values.equal(element, candidate) for candidate in elements)


def _has_key(key: Any, mapping: dict[Any, Any]) -> bool:
    return values.look_up(mapping, key) is not MISSING


_LIST, _MAP = list_of(_V), map_of(_K, _V)

OVERLOADS = (
    function("_==_", (_A, _A), BOOL, values.equal, smaller),
    function("_!=_", (_A, _A), BOOL, _unequal, smaller),
    function("!_", (BOOL,), BOOL, lambda value: not value),
    *_comparisons(),
    function("_+_", (BYTES, BYTES), BYTES, arithmetic.concatenate, _both),
    function("_+_", (DOUBLE, DOUBLE), DOUBLE, arithmetic.add),
    function("_+_", (DURATION, DURATION), DURATION, arithmetic.add_time),
    function("_+_", (DURATION, TIMESTAMP), TIMESTAMP, arithmetic.add_time),
    function("_+_", (TIMESTAMP, DURATION), TIMESTAMP, arithmetic.add_time),
    function("_+_", (INT, INT), INT, arithmetic.add),
    function("_+_", (list_of(_A), list_of(_A)), list_of(_A), arithmetic.concatenate),
    function("_+_", (STRING, STRING), STRING, arithmetic.concatenate, _both),
    function("_+_", (UINT, UINT), UINT, arithmetic.add),
    function("_-_", (DOUBLE, DOUBLE), DOUBLE, arithmetic.subtract),
    function("_-_", (DURATION, DURATION), DURATION, arithmetic.subtract_time),
    function("_-_", (INT, INT), INT, arithmetic.subtract),
    function("_-_", (TIMESTAMP, DURATION), TIMESTAMP, arithmetic.subtract_time),
    function("_-_", (TIMESTAMP, TIMESTAMP), DURATION, arithmetic.subtract_time),
    function("_-_", (UINT, UINT), UINT, arithmetic.subtract),
    *(function("_*_", (given, given), given, arithmetic.multiply) for given in (DOUBLE, INT, UINT)),
    *(function("_/_", (given, given), given, arithmetic.divide) for given in (DOUBLE, INT, UINT)),
    *(function("_%_", (given, given), given, arithmetic.modulo) for given in (INT, UINT)),
    function("-_", (DOUBLE,), DOUBLE, arithmetic.negate),
    function("-_", (INT,), INT, arithmetic.negate),
    function("_[_]", (list_of(_A), INT), _A, index),
    function("_[_]", (map_of(_A, _B), _A), _B, index),
    function("_[_]", (optional_of(_LIST), INT), optional_of(_V), index),
    function("_[_]", (optional_of(_MAP), _K), optional_of(_V), index),
    function("_[?_]", (_LIST, INT), optional_of(_V), optional_index),
    function("_[?_]", (optional_of(_LIST), INT), optional_of(_V), optional_index),
    function("_[?_]", (_MAP, _K), optional_of(_V), optional_index),
    function("_[?_]", (optional_of(_MAP), _K), optional_of(_V), optional_index),
    function("@in", (_A, list_of(_A)), BOOL, _contains, _second),
    function("@in", (_A, map_of(_A, _B)), BOOL, _has_key),
)
