"""What calls of functions may cost, by the sizes of what they are given. Pure.

Source: cel-go, checker/cost.go and ext/{lists,sets}.go; apiserver, pkg/cel/library/cost.go. What is not
named here costs one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from proa.cluster.cel import nodes
from proa.cluster.cel.estimation.interval import (
    LARGEST,
    ONE,
    REGEX,
    TRAVERSAL,
    UNKNOWN,
    ZERO,
    Interval,
    at_most,
    exactly,
)
from proa.cluster.cel.functions.overload import Overload
from proa.cluster.cel.types import Type


@dataclass(frozen=True)
class Operand:
    """What a call is given: its node, its type as checked, its size, and that of its elements."""

    node: nodes.Node
    type: Type
    size: Interval = UNKNOWN
    elements: Interval = UNKNOWN

    def number(self, otherwise: int) -> int:
        """The whole number that is written there."""
        literal = isinstance(self.node, nodes.Literal_) and type(self.node.value) is int
        return max(0, self.node.value) if literal and isinstance(self.node, nodes.Literal_) else otherwise


@dataclass(frozen=True)
class Estimate:
    """What a call costs besides its operands, and how large its result is, where that is known."""

    cost: Interval
    result: Interval | None = None


Operands = list[Operand]
"""The target of a method, then the arguments."""
_FREE = Estimate(ONE)
_LIST_COST = exactly(10)
_STRUCT_COST, _CHECK_COST = 40, 350_000
_ADDRESS = Interval(4, 16)
_LONGEST_FORMAT, _LONGEST_FORMAT_REGEX = 64, 128


def estimate(overload: Overload, given: Operands) -> Estimate:
    """Of one way to call a function."""
    by_function = _ESTIMATES.get(overload.function)
    return by_function(overload, given) if by_function else _FREE


def _read(factor: float = TRAVERSAL, *, same: bool = False) -> Callable[[Overload, Operands], Estimate]:
    """The first operand is read; with `same` the result is as long."""

    def estimated(_overload: Overload, given: Operands) -> Estimate:
        size = given[0].size
        return Estimate(size.scaled(factor), size if same else None)

    return estimated


def _affix(_overload: Overload, given: Operands) -> Estimate:
    return Estimate(given[1].size.scaled(TRAVERSAL))


def _contains(_overload: Overload, given: Operands) -> Estimate:
    return Estimate(given[0].size.scaled(TRAVERSAL) * given[1].size.scaled(TRAVERSAL))


def _matches(_overload: Overload, given: Operands) -> Estimate:
    return Estimate((given[0].size + ONE).scaled(TRAVERSAL) * given[1].size.scaled(REGEX))


def _find(overload: Overload, given: Operands) -> Estimate:
    return Estimate(_matches(overload, given).cost, at_most(given[0].size.most))


def _bytes(overload: Overload, given: Operands) -> Estimate:
    if overload.args[0].kind != "string":
        return _FREE
    size = given[0].size
    most = (size.most * 4) & LARGEST
    return Estimate(size.scaled(TRAVERSAL), Interval(size.least, most))


def _string(overload: Overload, given: Operands) -> Estimate:
    if overload.args[0].kind != "bytes":
        return _FREE
    size = given[0].size
    return Estimate(size.scaled(TRAVERSAL), Interval(size.least // 4, size.most))


def _quote(_overload: Overload, given: Operands) -> Estimate:
    size = given[0].size
    return Estimate(size.scaled(TRAVERSAL), Interval(size.least + 2, (size.most * 2 + 2) & LARGEST))


def _in(overload: Overload, given: Operands) -> Estimate:
    return Estimate(given[1].size.scaled(1)) if overload.args[1].kind == "list" else _FREE


def _add(overload: Overload, given: Operands) -> Estimate:
    kind = overload.args[0].kind
    if kind not in ("string", "bytes", "list"):
        return _FREE
    size = given[0].size + given[1].size
    return Estimate(ONE if kind == "list" else size.scaled(TRAVERSAL), size)


def _order(overload: Overload, given: Operands) -> Estimate:
    return _equal(overload, given) if overload.args[0].kind in ("string", "bytes") else _FREE


def _equal(_overload: Overload, given: Operands) -> Estimate:
    most = min(given[0].size.most, given[1].size.most)
    return Estimate(Interval(1 if most else 0, most).scaled(TRAVERSAL))


def _equals(overload: Overload, given: Operands) -> Estimate:
    left, right = (operand.type for operand in given)
    special = _EQUALITIES.get(left.name) if left == right and left.kind in ("object", "opaque") else None
    return special(overload, given) if special else _equal(overload, given)


def _equal_formats(_overload: Overload, _given: Operands) -> Estimate:
    return Estimate(Interval(1, _LONGEST_FORMAT).scaled(TRAVERSAL))


def _equal_urls(_overload: Overload, given: Operands) -> Estimate:
    return Estimate(Interval(1, given[1].size.most if given[1].size != UNKNOWN else 1).scaled(TRAVERSAL))


def _conditional(_overload: Overload, given: Operands) -> Estimate:
    return Estimate(ZERO, given[1].size | given[2].size)


def _replace(_overload: Overload, given: Operands) -> Estimate:
    size, old, new = (operand.size for operand in given[:3])
    most, retained_most = _replacements(size.most, old.least, new.most <= old.least)
    least, retained_least = _replacements(size.least, old.most, old.most <= new.least)
    result = Interval(least, most) * new + Interval(retained_least, retained_most)
    return Estimate(size.scaled(2 * TRAVERSAL), result)


def _replacements(size: int, old: int, shrinks: bool) -> tuple[int, int]:
    """How many there are, and how much of the text stays."""
    if old == 0:
        return min(size + 1, LARGEST), size
    return (0, size) if shrinks else (math.ceil(float(size) / float(old)), 0)


def _split(_overload: Overload, given: Operands) -> Estimate:
    size = given[0].size
    most = given[2].number(size.most) if len(given) > 2 else size.most
    return Estimate(size.scaled(2 * TRAVERSAL), at_most(most))


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


def _selector(_overload: Overload, given: Operands) -> Estimate:
    length = given[1].size
    requirements = length.scaled(0.5).scaled(10 + _STRUCT_COST)
    return Estimate(_LIST_COST + length.scaled(TRAVERSAL) + requirements)


def _check(_overload: Overload, _given: Operands) -> Estimate:
    return Estimate(exactly(_CHECK_COST))


def _ip(overload: Overload, given: Operands) -> Estimate:
    return _FREE if overload.member else _read()(overload, given)


def _contains_ip(overload: Overload, given: Operands) -> Estimate:
    cost = (_ADDRESS + _ADDRESS).scaled(TRAVERSAL)
    return Estimate(cost + given[1].size.scaled(TRAVERSAL) if overload.args[1].kind == "string" else cost)


def _contains_cidr(overload: Overload, given: Operands) -> Estimate:
    return Estimate(_contains_ip(overload, given).cost + _ADDRESS.scaled(TRAVERSAL) + ONE)


def _validate(_overload: Overload, given: Operands) -> Estimate:
    return Estimate(given[1].size.scaled(TRAVERSAL).scaled(_LONGEST_FORMAT_REGEX * REGEX))


def _sets(factor: float) -> Callable[[Overload, Operands], Estimate]:
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
    return _made(1, given[0].size) if overload.args[0].kind == "list" else _FREE


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


_EQUALITIES: Mapping[str, Callable[[Overload, Operands], Estimate]] = {
    **dict.fromkeys(
        (
            "net.IP", "net.CIDR", "kubernetes.Quantity", "kubernetes.Semver",
            *(f"kubernetes.authorization.{name}" for name in ("Authorizer", "PathCheck", "GroupCheck")),
            "kubernetes.authorization.ResourceCheck", "kubernetes.authorization.Decision",
        ),
        lambda _overload, _given: _FREE,
    ),
    "kubernetes.NamedFormat": _equal_formats,
    "kubernetes.URL": _equal_urls,
}  # fmt: skip

_ESTIMATES: Mapping[str, Callable[[Overload, Operands], Estimate]] = {
    **dict.fromkeys(("startsWith", "endsWith"), _affix),
    **dict.fromkeys(("_<_", "_<=_", "_>_", "_>=_"), _order),
    **dict.fromkeys(("isSorted", "sum", "max", "min", "indexOf", "lastIndexOf", "includes"), _over_list),
    **dict.fromkeys(("lowerAscii", "upperAscii", "substring", "trim"), _read(same=True)),
    **dict.fromkeys(("url", "jsonpatch.escapeKey"), _read(same=True)),
    **dict.fromkeys(("cidr", "isIP", "isCIDR", "format"), _read()),
    **dict.fromkeys(("quantity", "isQuantity", "semver", "isSemver"), _read()),
    **dict.fromkeys(("find", "findAll"), _find),
    **dict.fromkeys(("fieldSelector", "labelSelector"), _selector),
    **dict.fromkeys(("sets.contains", "sets.intersects"), _sets(1)),
    "sets.equivalent": _sets(2),
    "contains": _contains,
    "matches": _matches,
    "bytes": _bytes,
    "string": _string,
    "strings.quote": _quote,
    "@in": _in,
    "_+_": _add,
    "_==_": _equals,
    "_!=_": _equal,
    "_?_:_": _conditional,
    "replace": _replace,
    "split": _split,
    "join": _join,
    "check": _check,
    "ip": _ip,
    "ip.isCanonical": _read(2 * TRAVERSAL),
    "containsIP": _contains_ip,
    "containsCIDR": _contains_cidr,
    "validate": _validate,
    "slice": _slice,
    "lists.range": _range,
    "reverse": _reverse,
    "flatten": _flatten,
    "distinct": _distinct,
    "sort": _sort,
}  # fmt: skip
