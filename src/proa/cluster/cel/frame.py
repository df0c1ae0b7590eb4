"""What compiled code runs on: one list that holds the cost so far, its limit, and the variables.

A list is the fastest thing that closures can share. Costs that are known beforehand are added up
when code is compiled, and counted where it branches or loops.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from proa.cluster.cel.errors import Cancelled

Frame = list[Any]
Run = Callable[[Frame], Any]

SPENT, LIMIT, FIRST_SLOT = 0, 1, 2


def charge(frame: Frame, cost: int) -> None:
    """Count a cost. Raises Cancelled."""
    frame[SPENT] += cost
    if frame[SPENT] > frame[LIMIT]:
        raise Cancelled("operation cancelled: actual cost limit exceeded")
