"""What functions of lists may cost.

Source: cel-go, ext/{lists,sets}.go; apiserver, pkg/cel/library/cost.go.
"""

from __future__ import annotations

from collections.abc import Mapping

from proa.cluster.cel.estimation.interval import LARGEST, ONE, TRAVERSAL, Interval, exactly
from proa.cluster.cel.estimation.operands import FREE, Estimate, Estimated, Operands
from proa.cluster.cel.functions.overload import Overload
from proa.cluster.cel.types import Type

_LIST_COST = exactly(10)


def _in(overload: Overload, given: Operands) -> Estimate:
    return Estimate(given[1].size.scaled(1)) if overload.args[1].kind == "list" else FREE


def _join(_overload: Overload, given: Operands) -> Estimate:
    count = given[0].size
    size = count * given[0].elements
    if len(given) > 1:
        separators = Interval(max(count.least - 1, 0), max(count.most - 1, 0))
        size = size + given[1].size * separators
    return Estimate(size.scaled(TRAVERSAL), size)


def _over_list(overload: Overload, given: Operands) -> Estimate:
    """Functions that look at each element; of a text they look at each character."""
    size, of = given[0].size, given[0].type
    if not of.params:
        return Estimate(size if overload.function == "includes" else size.scaled(TRAVERSAL))
    texts = of.params[0].kind in ("string", "bytes")
    return Estimate(size * (ONE + given[0].elements.scaled(TRAVERSAL) if texts else ONE))


def _sets(factor: float) -> Estimated:
    def estimated(_overload: Overload, given: Operands) -> Estimate:
        return Estimate((given[0].size * given[1].size).scaled(factor) + ONE)

    return estimated


def _made(factor: float, size: Interval) -> Estimate:
    """A list is made."""
    return Estimate(size.scaled(factor) + ONE + _LIST_COST, size)


def _slice(_overload: Overload, given: Operands) -> Estimate:
    end = given[2].number(given[0].size.most)
    return _made(1, exactly((end - given[1].number(0)) & LARGEST))


def _range(_overload: Overload, given: Operands) -> Estimate:
    return _made(1, exactly(given[0].number(LARGEST)))


def _reverse(overload: Overload, given: Operands) -> Estimate:
    return _made(1, given[0].size) if overload.args[0].kind == "list" else FREE


def _flatten(_overload: Overload, given: Operands) -> Estimate:
    return _made(given[1].number(LARGEST) if len(given) > 1 else 1, given[0].size)


def _distinct(_overload: Overload, given: Operands) -> Estimate:
    return _made(2, given[0].size * given[0].size)


def sorting(size: Interval, keys: Type) -> Estimate:
    """Of sorting a list by keys of a type."""
    factor = 2 + TRAVERSAL if keys.kind in ("string", "bytes") else 2
    return _made(factor, size * size)


def _sort(overload: Overload, given: Operands) -> Estimate:
    return sorting(given[0].size, overload.args[0].params[0])


LISTS: Mapping[str, Estimated] = {
    **dict.fromkeys(("isSorted", "sum", "max", "min", "indexOf", "lastIndexOf", "includes"), _over_list),
    **dict.fromkeys(("sets.contains", "sets.intersects"), _sets(1)),
    "sets.equivalent": _sets(2),
    "@in": _in,
    "join": _join,
    "slice": _slice,
    "lists.range": _range,
    "reverse": _reverse,
    "flatten": _flatten,
    "distinct": _distinct,
    "sort": _sort,
}
