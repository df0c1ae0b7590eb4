"""Declaring functions: each overload has a signature, an implementation and a cost.

Costs are those that Kubernetes counts at run time; source: cel-go's cost tracker and the cost
estimator of the apiserver's CEL libraries.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from proa.cluster.cel.types import Type
from proa.cluster.cel.values import Optional

Cost = Callable[[Sequence[Any], Any], int]
"""From the arguments and the result of a call to what it costs."""


@dataclass(frozen=True, slots=True)
class Overload:
    """One way to call a function. `args` of a method begin with its target."""

    function: str
    args: tuple[Type, ...]
    result: Type
    run: Callable[..., Any]
    member: bool = False
    cost: Cost | int = 1


class Library:
    """Functions by name; the order of overloads is the order in which a call is matched."""

    def __init__(self, overloads: Iterable[Overload]) -> None:
        self._by_name: dict[str, list[Overload]] = {}
        for overload in overloads:
            self._by_name.setdefault(overload.function, []).append(overload)

    def __contains__(self, name: str) -> bool:
        return name in self._by_name

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def named(self, name: str) -> Sequence[Overload]:
        """All overloads of a function; empty for an unknown one."""
        return self._by_name.get(name, ())

    def callable(self, name: str, *, member: bool, count: int) -> list[Overload]:
        """The overloads that a call of that style with so many arguments may mean."""
        return [o for o in self.named(name) if o.member is member and len(o.args) == count]


def function(
    name: str, args: Iterable[Type], result: Type, run: Callable[..., Any], cost: Cost | int = 1
) -> Overload:
    """`name(args)`."""
    return Overload(name, tuple(args), result, run, member=False, cost=cost)


def method(
    name: str, args: Iterable[Type], result: Type, run: Callable[..., Any], cost: Cost | int = 1
) -> Overload:
    """`args[0].name(args[1:])`."""
    return Overload(name, tuple(args), result, run, member=True, cost=cost)


def size_of(value: Any) -> int:
    """The size that costs count with: of strings, bytes, lists and maps their length, else 1."""
    if isinstance(value, (str, bytes, list, dict)):
        return len(value)
    if isinstance(value, Optional) and value.present:
        return size_of(value.value)
    return getattr(value, "cost_size", 1)


def tenth(size: float) -> int:
    """What walking over so many characters costs."""
    return math.ceil(size * 0.1)


def traversal(position: int, times: int = 1) -> Cost:
    """Walking over one argument, `times` times."""
    return lambda args, _result: tenth(size_of(args[position]) * times)


def regex_cost(args: Sequence[Any], _result: Any) -> int:
    """Matching the first argument against the pattern in the second."""
    return tenth(1 + size_of(args[0])) * math.ceil(size_of(args[1]) * 0.25)
