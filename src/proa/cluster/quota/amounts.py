"""Amounts of resources that can be added, compared, and written as Kubernetes writes them. Pure.

An amount counts in thousandths; `binary` says whether it is written as `1Gi` or as `1G`. As upstream,
a sum is written in the way of its first part that is not zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

from proa.cluster.apiserver.schema.quantity import canonical
from proa.kube.quantities import format_milli, to_milli


class Amount(NamedTuple):
    """A quantity."""

    milli: int
    binary: bool = False

    def __str__(self) -> str:
        return canonical(_binary(self.milli) if self.binary else format_milli(self.milli))


def _binary(milli: int) -> str:
    """Whole kibibytes in the binary way; everything else has no suffix to keep."""
    whole, rest = divmod(milli, 1000)
    if rest or whole % 1024:
        return format_milli(milli)
    return f"{whole // 1024}Ki"


Amounts = Mapping[str, Amount]
ONE = Amount(1000)
ZERO = Amount(0)


@lru_cache(4096)
def amount(text: str | float) -> Amount:
    """From a quantity's text."""
    return Amount(to_milli(text), str(text).endswith("i"))


def amounts(resources: Mapping[str, str] | None) -> dict[str, Amount]:
    """A ResourceList."""
    return {name: amount(text) for name, text in (resources or {}).items()}


def written(resources: Amounts) -> dict[str, str]:
    """As a ResourceList."""
    return {name: str(each) for name, each in resources.items()}


def added(one: Amount, other: Amount) -> Amount:
    """The sum."""
    return Amount(one.milli + other.milli, one.binary if one.milli else other.binary)


def total(parts: Iterable[Amounts]) -> dict[str, Amount]:
    """The sum, resource by resource."""
    result: dict[str, Amount] = {}
    for part in parts:
        for name, each in part.items():
            result[name] = added(result[name], each) if name in result else each
    return result


def highest(one: Amounts, other: Amounts) -> dict[str, Amount]:
    """The larger of two, resource by resource."""
    return {
        name: max(one.get(name, ZERO), other.get(name, ZERO), key=lambda each: each.milli)
        for name in (*one, *other)
    }
