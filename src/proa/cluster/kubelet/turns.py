"""Turns at work of which only so much is done at the same time."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Turns:
    """So many at once, and those that finish what was begun before those that begin."""

    def __init__(self, number: int) -> None:
        self._free = number
        self._finishing: deque[asyncio.Future[None]] = deque()
        self._beginning: deque[asyncio.Future[None]] = deque()

    @asynccontextmanager
    async def take(self, *, finishing: bool = False) -> AsyncIterator[None]:
        """Inside it is one's turn; within a kind, turns come in the order in which they were asked for."""
        await self._wait(self._finishing if finishing else self._beginning)
        try:
            yield
        finally:
            self._pass_on()

    async def _wait(self, line: deque[asyncio.Future[None]]) -> None:
        if self._free:
            self._free -= 1
            return
        turn = asyncio.get_running_loop().create_future()
        line.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():  # it had come just before
                self._pass_on()
            raise

    def _pass_on(self) -> None:
        for line in (self._finishing, self._beginning):
            while line:
                turn = line.popleft()
                if not turn.done():
                    turn.set_result(None)
                    return
        self._free += 1
