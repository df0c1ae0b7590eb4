"""A queue of keys in which a key stands once and is never worked on twice at a time.

Source: client-go util/workqueue. A key that is added while it is worked on comes again after.
"""

from __future__ import annotations

import asyncio
from collections import deque

from proa.kube.timers import Timer

_FIRST_DELAY, _LONGEST_DELAY = 0.005, 300.0
"""Seconds: back-off of a key that failed, doubled each time."""


class WorkQueue:
    """Keys to reconcile, deduplicated, with delays and a back-off per key."""

    def __init__(self, first_delay: float = _FIRST_DELAY, longest_delay: float = _LONGEST_DELAY) -> None:
        self._delays = (first_delay, longest_delay)
        self._ready: deque[str] = deque()
        self._dirty: set[str] = set()
        self._active: set[str] = set()
        self._failures: dict[str, int] = {}
        self._timers: dict[str, Timer] = {}
        self._wakeup: deque[asyncio.Future[None]] = deque()

    def __len__(self) -> int:
        return len(self._ready)

    def add(self, key: str) -> None:
        """Queue the key, unless it already waits."""
        if key in self._dirty:
            return
        self._dirty.add(key)
        if key not in self._active:
            self._push(key)

    def add_after(self, key: str, delay: float) -> None:
        """Queue the key in `delay` seconds; of several delays the earliest counts."""
        due = asyncio.get_running_loop().time() + delay
        pending = self._timers.get(key)
        if pending is not None:
            if pending.when <= due:
                return
            pending.cancel()
        self._timers[key] = Timer(due, self._fire, key)

    def retry(self, key: str) -> float:
        """Queue the key again after its back-off, which this returns in seconds."""
        first, longest = self._delays
        count = self._failures.get(key, 0)
        self._failures[key] = count + 1
        delay: float = min(first * 2.0 ** min(count, 32), longest)
        self.add_after(key, delay)
        return delay

    def forget(self, key: str) -> None:
        """The key went well: its next failure starts at the shortest back-off."""
        self._failures.pop(key, None)

    async def get(self) -> str:
        """The next key; give it back with `done`."""
        while not self._ready:
            waiter = asyncio.get_running_loop().create_future()
            self._wakeup.append(waiter)
            try:
                await waiter
            except asyncio.CancelledError:
                if not waiter.cancelled() and self._ready:
                    self._wake()
                raise
        key = self._ready.popleft()
        self._dirty.discard(key)
        self._active.add(key)
        return key

    def done(self, key: str) -> None:
        """Work on the key ended; it is queued at once if it was added meanwhile."""
        self._active.discard(key)
        if key in self._dirty:
            self._push(key)

    def _fire(self, key: str) -> None:
        del self._timers[key]
        self.add(key)

    def _push(self, key: str) -> None:
        self._ready.append(key)
        self._wake()

    def _wake(self) -> None:
        while self._wakeup:
            waiter = self._wakeup.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return
