"""What calls of functions may cost, by the sizes of what they are given; operators are here. Pure.

What is not named costs one. Source: cel-go, checker/cost.go; apiserver, pkg/cel/library/cost.go.
"""

from __future__ import annotations

from collections.abc import Mapping

from proa.cluster.cel.estimation.interval import ONE, TRAVERSAL, UNKNOWN, ZERO, Interval, exactly
from proa.cluster.cel.estimation.lists import LISTS
from proa.cluster.cel.estimation.operands import FREE, Estimate, Estimated, Operands
from proa.cluster.cel.estimation.texts import TEXTS
from proa.cluster.cel.functions.overload import Overload

_CHECK_COST = 350_000
_LONGEST_FORMAT = 64


def estimate(overload: Overload, given: Operands) -> Estimate:
    """Of one way to call a function."""
    by_function = _ESTIMATES.get(overload.function)
    return by_function(overload, given) if by_function else FREE


def _add(overload: Overload, given: Operands) -> Estimate:
    kind = overload.args[0].kind
    if kind not in ("string", "bytes", "list"):
        return FREE
    size = given[0].size + given[1].size
    return Estimate(ONE if kind == "list" else size.scaled(TRAVERSAL), size)


def _order(overload: Overload, given: Operands) -> Estimate:
    return _equal(overload, given) if overload.args[0].kind in ("string", "bytes") else FREE


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


def _check(_overload: Overload, _given: Operands) -> Estimate:
    return Estimate(exactly(_CHECK_COST))


_EQUALITIES: Mapping[str, Estimated] = {
    **dict.fromkeys(
        (
            "net.IP", "net.CIDR", "kubernetes.Quantity", "kubernetes.Semver",
            *(f"kubernetes.authorization.{name}" for name in ("Authorizer", "PathCheck", "GroupCheck")),
            "kubernetes.authorization.ResourceCheck", "kubernetes.authorization.Decision",
        ),
        lambda _overload, _given: FREE,
    ),
    "kubernetes.NamedFormat": _equal_formats,
    "kubernetes.URL": _equal_urls,
}  # fmt: skip

_ESTIMATES: Mapping[str, Estimated] = {
    **TEXTS,
    **LISTS,
    **dict.fromkeys(("_<_", "_<=_", "_>_", "_>=_"), _order),
    "_+_": _add,
    "_==_": _equals,
    "_!=_": _equal,
    "_?_:_": _conditional,
    "check": _check,
}
