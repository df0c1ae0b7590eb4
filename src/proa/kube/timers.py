"""A call at a time, which knows that time.

uvloop returns a handle without `when` for a time that has come, or comes within half a millisecond.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVarTuple

Arguments = TypeVarTuple("Arguments")


class Timer:
    """Calls once at `when`, a time of the running loop's clock, unless it is cancelled before."""

    def __init__(self, when: float, callback: Callable[[*Arguments], object], *args: *Arguments) -> None:
        self.when = when
        self._handle = asyncio.get_running_loop().call_at(when, callback, *args)

    def cancel(self) -> None:
        """Do not call."""
        self._handle.cancel()
