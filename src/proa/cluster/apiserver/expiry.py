"""Events are kept for an hour after their last write (source: kube-apiserver --event-ttl)."""

from __future__ import annotations

import asyncio
from collections import deque

from proa.cluster.apiserver.target import key_prefix
from proa.cluster.store import Store, StoreError, Value
from proa.kube.resources import EVENTS

SECONDS = 3600.0
_PERIOD = 30.0


class EventExpiry:
    """Deletes events that grew old. Time is counted by this process: a clock that jumps does no harm."""

    def __init__(self, store: Store, seconds: float = SECONDS) -> None:
        self._store = store
        self._seconds = seconds
        self._marks: deque[tuple[float, int]] = deque()

    async def run(self) -> None:
        """Sweep now and then until cancelled."""
        while True:
            await self.sweep(asyncio.get_running_loop().time())
            await asyncio.sleep(_PERIOD)

    async def sweep(self, now: float) -> None:
        """Delete what was last written before the newest revision of `seconds` ago."""
        self._marks.append((now, self._store.revision))
        until = 0
        while self._marks and self._marks[0][0] <= now - self._seconds:
            until = self._marks.popleft()[1]
        if until:
            await asyncio.gather(*(self._delete(key, revision) for key, revision in self._older(until)))

    def _older(self, until: int) -> list[tuple[str, int]]:
        entries = self._store.range(key_prefix(EVENTS)).entries
        return [(entry.key, entry.revision) for entry in entries if entry.revision <= until]

    async def _delete(self, key: str, revision: int) -> None:
        entry = self._store.get(key)
        if entry is None or entry.revision != revision:
            return
        head, tail = entry.value[: entry.cut], entry.value[entry.cut + len(str(revision)) :]
        try:
            await self._store.delete(key, Value(head, tail), revision)
        except StoreError:
            return  # written again meanwhile, or the disk refuses: the next sweep sees to it
