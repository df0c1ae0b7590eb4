"""Resource quantities. Source: the apiserver's quantity library."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from proa.cluster.cel.errors import Failure
from proa.cluster.cel.functions.overload import function, method, traversal
from proa.cluster.cel.runtime_types import register
from proa.cluster.cel.types import BOOL, DOUBLE, INT, STRING, object_type
from proa.cluster.cel.values import INT_MAX, INT_MIN
from proa.kube.quantities import parse_quantity

QUANTITY = object_type("kubernetes.Quantity")
_FORMAT = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"


@dataclass(frozen=True, slots=True)
class Quantity:
    """An exact amount."""

    amount: Fraction


register(Quantity, QUANTITY)


def _quantity(text: str) -> Quantity:
    try:
        return Quantity(parse_quantity(text))
    except ValueError:
        raise Failure(_FORMAT) from None


def _is_quantity(text: str) -> bool:
    try:
        parse_quantity(text)
    except ValueError:
        return False
    return True


def _is_integer(value: Quantity) -> bool:
    return value.amount.denominator == 1 and INT_MIN <= value.amount <= INT_MAX


def _as_integer(value: Quantity) -> int:
    if not _is_integer(value):
        raise Failure("cannot convert value to integer")
    return int(value.amount)


def _compare(first: Quantity, second: Quantity) -> int:
    return int(first.amount > second.amount) - int(first.amount < second.amount)


_TWO = (QUANTITY, QUANTITY)
_PARSING = traversal(0)

OVERLOADS = (
    function("quantity", (STRING,), QUANTITY, _quantity, _PARSING),
    function("isQuantity", (STRING,), BOOL, _is_quantity, _PARSING),
    function("sign", (QUANTITY,), INT, lambda value: _compare(value, Quantity(Fraction(0)))),
    method("isGreaterThan", _TWO, BOOL, lambda a, b: a.amount > b.amount),
    method("isLessThan", _TWO, BOOL, lambda a, b: a.amount < b.amount),
    method("compareTo", _TWO, INT, _compare),
    method("asApproximateFloat", (QUANTITY,), DOUBLE, lambda value: float(value.amount)),
    method("asInteger", (QUANTITY,), INT, _as_integer),
    method("isInteger", (QUANTITY,), BOOL, _is_integer),
    method("add", _TWO, QUANTITY, lambda a, b: Quantity(a.amount + b.amount)),
    method("add", (QUANTITY, INT), QUANTITY, lambda a, b: Quantity(a.amount + b)),
    method("sub", _TWO, QUANTITY, lambda a, b: Quantity(a.amount - b.amount)),
    method("sub", (QUANTITY, INT), QUANTITY, lambda a, b: Quantity(a.amount - b)),
)
