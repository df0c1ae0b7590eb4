"""Lists: Kubernetes' own functions and the lists extension.

Source: the apiserver's lists library (isSorted, sum, min, max, indexOf, includes) and cel-go's (slice,
flatten, sort, distinct, reverse, range), with their costs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cmp_to_key, reduce
from itertools import pairwise
from typing import Any

from proa.cluster.cel import arithmetic, values
from proa.cluster.cel.errors import Cancelled, Failure, no_such_overload
from proa.cluster.cel.functions.overload import Cost, Overload, function, method, size_of
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
    Type,
    list_of,
    param,
)
from proa.cluster.cel.values import Duration, Uint

_A = param("A")
_LIST = list_of(_A)
_COMPARABLE = (INT, UINT, DOUBLE, BOOL, DURATION, TIMESTAMP, STRING, BYTES)
_ZEROS: dict[Type, Any] = {INT: 0, UINT: Uint(0), DOUBLE: 0.0, DURATION: Duration(0)}
_RANGE_LIMIT = 1_000_000
_BY_ORDER = cmp_to_key(values.compare)


def walk(value: Any) -> int:
    """What it costs to walk through a value."""
    if isinstance(value, str):
        return int(len(value.encode()) * 0.1)
    if isinstance(value, bytes):
        return int(len(value) * 0.1)
    if isinstance(value, list):
        return sum(map(walk, value))
    if isinstance(value, dict):
        return sum(walk(key) + walk(item) for key, item in value.items())
    return 1


def _walk_first(args: Sequence[Any], _result: Any) -> int:
    return walk(args[0])


def _is_sorted(elements: list[Any]) -> bool:
    return all(values.compare(a, b) <= 0 for a, b in pairwise(elements))


def _sum(zero: Any) -> Callable[[list[Any]], Any]:
    combine = arithmetic.add_time if isinstance(zero, Duration) else arithmetic.add

    def total(elements: list[Any]) -> Any:
        if any(type(element) is not type(zero) for element in elements):
            raise no_such_overload()
        return reduce(combine, elements, zero)

    return total


def _least(elements: list[Any]) -> Any:
    if not elements:
        raise Failure("min called on empty list")
    return min(elements, key=_BY_ORDER)


def _greatest(elements: list[Any]) -> Any:
    if not elements:
        raise Failure("max called on empty list")
    return max(elements, key=_BY_ORDER)


def _index_of(elements: list[Any], wanted: Any) -> int:
    return next((i for i, element in enumerate(elements) if values.equal(element, wanted)), -1)


def _last_index_of(elements: list[Any], wanted: Any) -> int:
    found = _index_of(elements[::-1], wanted)
    return found if found < 0 else len(elements) - 1 - found


def _includes(target: Any, wanted: Any) -> bool:
    if isinstance(target, list):
        return _index_of(target, wanted) >= 0
    return values.equal(target, wanted)


def _slice(elements: list[Any], start: int, end: int) -> list[Any]:
    what = f"cannot slice({start}, {end})"
    if start < 0 or end < 0:
        raise Failure(f"{what}, negative indexes not supported")
    if start > end:
        raise Failure(f"{what}, start index must be less than or equal to end index")
    if len(elements) < end:
        raise Failure(f"{what}, list is length {len(elements)}")
    return elements[start:end]


def _flatten(elements: list[Any], depth: int = 1) -> list[Any]:
    if depth < 0:
        raise Failure("level must be non-negative")
    flat: list[Any] = []
    for element in elements:
        if isinstance(element, list) and depth > 0:
            flat += _flatten(element, depth - 1)
        else:
            flat.append(element)
    return flat


def sort_by(elements: list[Any], keys: list[Any]) -> list[Any]:
    """The elements in the order of their keys."""
    if any(type(key) is not type(keys[0]) for key in keys):
        raise Failure("list elements must have the same type")
    pairs = sorted(zip(keys, elements, strict=True), key=lambda pair: _BY_ORDER(pair[0]))
    return [element for _key, element in pairs]


def _sort(elements: list[Any]) -> list[Any]:
    return sort_by(elements, elements)


def _distinct(elements: list[Any]) -> list[Any]:
    kept: list[Any] = []
    for element in elements:
        if _index_of(kept, element) < 0:
            kept.append(element)
    return kept


def _range(count: int) -> list[int]:
    if count < 0:
        raise Failure(f"lists.range: size must be non-negative, got {count}")
    if count > _RANGE_LIMIT:
        raise Cancelled("operation cancelled: actual cost limit exceeded")
    return list(range(count))


def _reversed(elements: list[Any]) -> list[Any]:
    return elements[::-1]


def _output_cost(_args: Sequence[Any], result: Any) -> int:
    return size_of(result) + 11


def _flatten_cost(args: Sequence[Any], _result: Any) -> int:
    depth = args[1] if len(args) == 2 else 1
    return size_of(args[0]) * max(depth, 1) + 11


def self_compare_cost(elements: list[Any]) -> int:
    """Comparing all elements of a list with each other, and making a list."""
    factor = 2.1 if elements and isinstance(elements[0], (str, bytes)) else 2.0
    return int(len(elements) ** 2 * factor) + 11


def _self_compare(args: Sequence[Any], _result: Any) -> int:
    return self_compare_cost(args[0])


def _by_type(
    name: str, run: Callable[..., Any], result: Callable[[Type], Type], cost: Cost
) -> Iterator[Overload]:
    for given in _COMPARABLE:
        yield method(name, (list_of(given),), result(given), run, cost)


OVERLOADS = (
    *_by_type("isSorted", _is_sorted, lambda _given: BOOL, _walk_first),
    *(method("sum", (list_of(given),), given, _sum(zero), _walk_first) for given, zero in _ZEROS.items()),
    *_by_type("max", _greatest, lambda given: given, _walk_first),
    *_by_type("min", _least, lambda given: given, _walk_first),
    method("indexOf", (_LIST, _A), INT, _index_of, _walk_first),
    method("lastIndexOf", (_LIST, _A), INT, _last_index_of, _walk_first),
    method("includes", (DYN, DYN), BOOL, _includes, _walk_first),
    method("slice", (_LIST, INT, INT), _LIST, _slice, _output_cost),
    method("flatten", (list_of(_LIST),), _LIST, _flatten, _flatten_cost),
    method("flatten", (list_of(DYN), INT), list_of(DYN), _flatten, _flatten_cost),
    *_by_type("sort", _sort, list_of, _self_compare),
    function("lists.range", (INT,), list_of(INT), _range, _output_cost),
    method("reverse", (_LIST,), _LIST, _reversed, _output_cost),
    method("distinct", (_LIST,), _LIST, _distinct, _self_compare),
)
