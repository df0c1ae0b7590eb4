"""Resource quantities: `100m`, `1.5`, `2Gi`, `1e3` (source: apimachinery, api/resource)."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from functools import lru_cache

_BINARY = {suffix: 1024**power for power, suffix in enumerate(("Ki", "Mi", "Gi", "Ti", "Pi", "Ei"), 1)}
_DECIMAL = {suffix: 1000**power for power, suffix in enumerate(("k", "M", "G", "T", "P", "E"), 1)}
_SMALL = {suffix: Fraction(1, 1000**power) for power, suffix in enumerate(("m", "u", "n"), 1)}
_SCALE: dict[str, Fraction] = {
    "": Fraction(1),
    **{suffix: Fraction(scale) for suffix, scale in (_BINARY | _DECIMAL).items()},
    **_SMALL,
}
_SHAPE = re.compile(r"([+-]?(?:\d+(?:\.\d*)?|\.\d+))(?:([eE][+-]?\d{1,3})|([KMGTPE]i|[numkMGTPE]?))")


@lru_cache(maxsize=4096)
def parse_quantity(text: str | float) -> Fraction:
    """The exact value. Raises ValueError for what is not a quantity."""
    match = _SHAPE.fullmatch(str(text))
    if match is None:
        raise ValueError(
            f"quantity {str(text)!r} must match the regular expression"
            " '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
        )
    number, exponent, suffix = match.groups()
    if exponent:
        return Fraction(number) * Fraction(10) ** int(exponent[1:])
    return Fraction(number) * _SCALE[suffix]


def to_integer(text: str | float) -> int:
    """Whole units (bytes, cores, pods), rounded up as upstream's Value() does."""
    return math.ceil(parse_quantity(text))


def to_milli(text: str | float) -> int:
    """Thousandths (millicores), rounded up as upstream's MilliValue() does."""
    return math.ceil(parse_quantity(text) * 1000)


def format_milli(milli: int) -> str:
    """Thousandths as a quantity: 1500 gives `1500m`, 2000 gives `2`."""
    return f"{milli}m" if milli % 1000 else str(milli // 1000)


def format_bytes(size: int) -> str:
    """Bytes as the largest binary suffix that is exact: 2147483648 gives `2Gi`."""
    for suffix in reversed(_BINARY):
        if size and size % _BINARY[suffix] == 0:
            return f"{size // _BINARY[suffix]}{suffix}"
    return str(size)
