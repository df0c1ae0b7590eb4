"""How many requests are under way, who holds them, and which take too long.

A full house turns away those who hold more than their share of it (429), not those who come now and then.
Source: flags and defaults of kube-apiserver: 400 reads, 200 writes, 60 seconds a request.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass

from proa.errors import TooManyRequests

_SWEEP_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Limits:
    """Numbers of requests under way at once; 0 is no limit. Times are seconds."""

    reads: int = 400
    writes: int = 200
    seconds: float = 60.0


@dataclass(slots=True, eq=False)
class Seat:
    """A request that is under way."""

    user: str
    writes: bool
    task: asyncio.Task[None] | None
    deadline: float
    expired: bool = False


class Inflight:
    """The requests under way."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._seats: set[Seat] = set()
        self._held: dict[tuple[str, bool], int] = {}
        self._counts = [0, 0]

    @property
    def counts(self) -> Mapping[str, int]:
        """Requests under way, by the label that upstream's metric has."""
        return {"readOnly": self._counts[False], "mutating": self._counts[True]}

    def enter(self, user: str, *, writes: bool, exempt: bool, patience: float = math.inf) -> Seat:
        """Begin a request in the current task; `patience` is how many seconds its client waits at most.

        Raises TooManyRequests.
        """
        limit = self._limits.writes if writes else self._limits.reads
        if limit and not exempt and self._counts[writes] >= limit:
            self._check_share(user, writes, limit)
        deadline = time.monotonic() + min(self._limits.seconds, patience)
        seat = Seat(user, writes, asyncio.current_task(), deadline)
        self._seats.add(seat)
        self._counts[writes] += 1
        key = (user, writes)
        self._held[key] = self._held.get(key, 0) + 1
        return seat

    def _check_share(self, user: str, writes: bool, limit: int) -> None:
        holders = sum(1 for _, kind in self._held if kind is writes)
        newcomer = (user, writes) not in self._held
        share = max(1, limit // (holders + newcomer))
        if self._held.get((user, writes), 0) >= share or self._counts[writes] >= 2 * limit:
            raise TooManyRequests("Too many requests, please try again later.")

    def leave(self, seat: Seat) -> None:
        """The request is answered, or has become a stream. Idempotent."""
        if seat not in self._seats:
            return
        self._seats.discard(seat)
        self._counts[seat.writes] -= 1
        key = (seat.user, seat.writes)
        self._held[key] -= 1
        if not self._held[key]:
            del self._held[key]

    async def run(self) -> None:
        """End what takes too long; until cancelled. One look a second is cheaper than a timer each."""
        while True:
            await asyncio.sleep(_SWEEP_SECONDS)
            self.sweep(time.monotonic())

    def sweep(self, now: float) -> None:
        """Cancel the tasks of requests whose time is over."""
        for seat in [seat for seat in self._seats if seat.deadline <= now and not seat.expired]:
            seat.expired = True
            if seat.task is not None:
                seat.task.cancel()
