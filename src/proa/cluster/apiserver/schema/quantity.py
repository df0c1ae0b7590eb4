"""The one way in which the API writes a quantity (source: apimachinery, api/resource).

`0.5` is `500m`, `1024Mi` is `1Gi`, `1000` is `1k`: no fraction, the largest suffix, the
family of suffixes that the client chose.
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import lru_cache

from proa.kube.quantities import parse_quantity

NAME = "io.k8s.apimachinery.pkg.api.resource.Quantity"
"""The definition that all quantities refer to."""

_PATTERN = "^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$"
_DECIMAL = ("n", "u", "m", "", "k", "M", "G", "T", "P", "E")
_BINARY = ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")
_NANO = Fraction(1, 1000**3)


@lru_cache(maxsize=4096)
def canonical(text: str | float) -> str:
    """The canonical form. Raises ValueError for what is not a quantity."""
    try:
        value, written = parse_quantity(text), str(text)
    except ValueError:
        raise ValueError(f"quantities must match the regular expression '{_PATTERN}'") from None
    if written.endswith("i") and abs(value) >= 1024:
        return _binary(value)
    return _decimal(value, exponent=written[-1:].isdigit() and "e" in written.lower())


def _binary(value: Fraction) -> str:
    whole, power = _away_from_zero(value), 0
    while whole % 1024 == 0 and power < len(_BINARY) - 1:
        whole, power = whole // 1024, power + 1
    return f"{whole}{_BINARY[power]}"


def _decimal(value: Fraction, *, exponent: bool) -> str:
    whole, power = _away_from_zero(value / _NANO), 0
    if whole == 0:
        return "0"
    while whole % 1000 == 0 and power < len(_DECIMAL) - 1:
        whole, power = whole // 1000, power + 1
    if exponent:
        return f"{whole}e{power * 3 - 9}" if power != 3 else str(whole)
    return f"{whole}{_DECIMAL[power]}"


def _away_from_zero(value: Fraction) -> int:
    return math.ceil(value) if value > 0 else math.floor(value)
