"""The sets extension: lists as sets.

Source: cel-go's sets library.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from proa.cluster.cel import values
from proa.cluster.cel.functions.overload import function, size_of
from proa.cluster.cel.types import BOOL, list_of, param

_LIST = list_of(param("T"))


def _contains(elements: list[Any], wanted: list[Any]) -> bool:
    return all(any(values.equal(element, item) for element in elements) for item in wanted)


def _equivalent(first: list[Any], second: list[Any]) -> bool:
    return _contains(first, second) and _contains(second, first)


def _intersects(first: list[Any], second: list[Any]) -> bool:
    return any(values.equal(element, item) for element in first for item in second)


def _cost(args: Sequence[Any], _result: Any) -> int:
    return size_of(args[0]) * size_of(args[1]) + 1


def _equivalent_cost(args: Sequence[Any], _result: Any) -> int:
    return size_of(args[0]) * size_of(args[1]) * 2 + 1


OVERLOADS = (
    function("sets.contains", (_LIST, _LIST), BOOL, _contains, _cost),
    function("sets.equivalent", (_LIST, _LIST), BOOL, _equivalent, _equivalent_cost),
    function("sets.intersects", (_LIST, _LIST), BOOL, _intersects, _cost),
)
