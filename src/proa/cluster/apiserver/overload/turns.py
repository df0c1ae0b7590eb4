"""Fair turns: in one round of the event loop each user gets so many requests, the rest wait for the next.

Without this, a thousand connections of one client are all served before the one of another. Who asks
little never waits, and costs one look-up.
"""

from __future__ import annotations

import asyncio
from collections import deque

PER_ROUND = 8


class Turns:
    """Hands out turns by user."""

    def __init__(self, per_round: int = PER_ROUND) -> None:
        self._per_round = per_round
        self._used: dict[str, int] = {}
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}
        self._scheduled = False

    def take(self, user: str) -> bool:
        """Take a turn of this round; False when the user has had theirs, or others of theirs wait."""
        used = self._used.get(user, 0)
        if used >= self._per_round or user in self._waiting:
            return False
        self._used[user] = used + 1
        self._schedule()
        return True

    async def wait(self, user: str) -> None:
        """Wait for a turn, in order."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(user, deque()).append(future)
        self._schedule()
        await future

    def _schedule(self) -> None:
        if not self._scheduled:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._next_round)

    def _next_round(self) -> None:
        self._scheduled = False
        self._used.clear()
        for user, queue in list(self._waiting.items()):
            self._used[user] = self._release(queue)
            if not queue:
                del self._waiting[user]
        if self._waiting:
            self._schedule()

    def _release(self, queue: deque[asyncio.Future[None]]) -> int:
        """Let the first of a queue go; those whose client left are passed over."""
        released = 0
        while queue and released < self._per_round:
            future = queue.popleft()
            if not future.done():
                future.set_result(None)
                released += 1
        return released
