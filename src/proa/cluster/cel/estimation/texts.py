"""What functions of strings and bytes may cost, and those that read one: addresses, quantities, patterns.

Source: cel-go, checker/cost.go; apiserver, pkg/cel/library/cost.go.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from proa.cluster.cel.estimation.interval import LARGEST, ONE, REGEX, TRAVERSAL, Interval, at_most, exactly
from proa.cluster.cel.estimation.operands import FREE, Estimate, Estimated, Operands
from proa.cluster.cel.functions.overload import Overload

_LIST_COST, _STRUCT_COST = 10, 40
_ADDRESS = Interval(4, 16)
_LONGEST_FORMAT_REGEX = 128


def _read(factor: float = TRAVERSAL, *, same: bool = False) -> Estimated:
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
        return FREE
    size = given[0].size
    most = (size.most * 4) & LARGEST
    return Estimate(size.scaled(TRAVERSAL), Interval(size.least, most))


def _string(overload: Overload, given: Operands) -> Estimate:
    if overload.args[0].kind != "bytes":
        return FREE
    size = given[0].size
    return Estimate(size.scaled(TRAVERSAL), Interval(size.least // 4, size.most))


def _quote(_overload: Overload, given: Operands) -> Estimate:
    size = given[0].size
    return Estimate(size.scaled(TRAVERSAL), Interval(size.least + 2, (size.most * 2 + 2) & LARGEST))


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


def _selector(_overload: Overload, given: Operands) -> Estimate:
    length = given[1].size
    requirements = length.scaled(0.5).scaled(_LIST_COST + _STRUCT_COST)
    return Estimate(exactly(_LIST_COST) + length.scaled(TRAVERSAL) + requirements)


def _ip(overload: Overload, given: Operands) -> Estimate:
    return FREE if overload.member else _read()(overload, given)


def _contains_ip(overload: Overload, given: Operands) -> Estimate:
    cost = (_ADDRESS + _ADDRESS).scaled(TRAVERSAL)
    return Estimate(cost + given[1].size.scaled(TRAVERSAL) if overload.args[1].kind == "string" else cost)


def _contains_cidr(overload: Overload, given: Operands) -> Estimate:
    return Estimate(_contains_ip(overload, given).cost + _ADDRESS.scaled(TRAVERSAL) + ONE)


def _validate(_overload: Overload, given: Operands) -> Estimate:
    return Estimate(given[1].size.scaled(TRAVERSAL).scaled(_LONGEST_FORMAT_REGEX * REGEX))


TEXTS: Mapping[str, Estimated] = {
    **dict.fromkeys(("startsWith", "endsWith"), _affix),
    **dict.fromkeys(("lowerAscii", "upperAscii", "substring", "trim"), _read(same=True)),
    **dict.fromkeys(("url", "jsonpatch.escapeKey"), _read(same=True)),
    **dict.fromkeys(("cidr", "isIP", "isCIDR", "format"), _read()),
    **dict.fromkeys(("quantity", "isQuantity", "semver", "isSemver"), _read()),
    **dict.fromkeys(("find", "findAll"), _find),
    **dict.fromkeys(("fieldSelector", "labelSelector"), _selector),
    "contains": _contains,
    "matches": _matches,
    "bytes": _bytes,
    "string": _string,
    "strings.quote": _quote,
    "replace": _replace,
    "split": _split,
    "ip": _ip,
    "ip.isCanonical": _read(2 * TRAVERSAL),
    "containsIP": _contains_ip,
    "containsCIDR": _contains_cidr,
    "validate": _validate,
}
