"""What the estimate of a call is given, and what it gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from proa.cluster.cel import nodes
from proa.cluster.cel.estimation.interval import ONE, UNKNOWN, Interval
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
Estimated = Callable[[Overload, Operands], Estimate]
"""What one way to call a function costs."""
FREE = Estimate(ONE)
"""Of what is as cheap as can be."""
