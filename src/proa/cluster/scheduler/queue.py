"""Pods that wait for a node: the ones to try now, and the ones that wait for a change.

Higher priority first, then the longer wait. A pod that fitted nowhere is tried again when one of
the changes that could help it happens, not sooner than its back-off, which doubles per refusal.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field

from proa.cluster.scheduler.filters import Change
from proa.cluster.scheduler.pod import PodInfo

_FIRST_DELAY, _LONGEST_DELAY = 0.05, 10.0


@dataclass(eq=False)
class _Entry:
    pod: PodInfo
    order: int
    refusals: int = 0
    not_before: float = 0.0
    waits_for: frozenset[Change] = field(default_factory=frozenset)
    timer: asyncio.TimerHandle | None = None
    ready: bool = False


class SchedulingQueue:
    """Entries by pod uid; `pop` takes the next one to try, `refuse` parks it again."""

    def __init__(self, clock: Callable[[], float] | None = None) -> None:
        self._clock = clock or (lambda: asyncio.get_running_loop().time())
        self._entries: dict[str, _Entry] = {}
        self._heap: list[tuple[int, int, _Entry]] = []
        self._parked: dict[str, _Entry] = {}
        self._order = itertools.count()
        self._available = asyncio.Event()

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, pod: PodInfo) -> None:
        """A new pod, or a new state of a pod that is here already: worth a try now."""
        entry = self._entries.get(pod.uid)
        if entry is None:
            entry = self._entries[pod.uid] = _Entry(pod, next(self._order))
        entry.pod = pod
        self._activate(entry)

    def remove(self, uid: str) -> None:
        """The pod is placed or gone."""
        entry = self._entries.pop(uid, None)
        if entry is not None:
            self._parked.pop(uid, None)
            self._cancel(entry)
            entry.ready = False

    def refuse(self, pod: PodInfo, waits_for: frozenset[Change]) -> None:
        """The pod fitted nowhere: park it until one of these changes."""
        entry = self._entries.get(pod.uid)
        if entry is None or entry.ready:
            return
        self._back_off(entry)
        entry.waits_for = waits_for
        self._parked[pod.uid] = entry

    def retry(self, pod: PodInfo) -> float:
        """Trying failed for another reason: again after the back-off, which this returns in seconds."""
        entry = self._entries.get(pod.uid)
        if entry is None or entry.ready:
            return 0.0
        delay = self._back_off(entry)
        self._activate_later(entry, delay)
        return delay

    def changed(self, change: Change) -> None:
        """Wake the parked pods that this change can help."""
        for uid in [uid for uid, entry in self._parked.items() if change in entry.waits_for]:
            entry = self._parked.pop(uid)
            self._activate_later(entry, entry.not_before - self._clock())

    async def pop(self) -> PodInfo:
        """The next pod to try; it stays known until `remove`."""
        while True:
            while self._heap:
                _, _, entry = heapq.heappop(self._heap)
                if entry.ready:
                    entry.ready = False
                    return entry.pod
            self._available.clear()
            await self._available.wait()

    def _activate(self, entry: _Entry) -> None:
        self._cancel(entry)
        self._parked.pop(entry.pod.uid, None)
        if not entry.ready:
            entry.ready = True
            heapq.heappush(self._heap, (-entry.pod.priority, entry.order, entry))
            self._available.set()

    def _activate_later(self, entry: _Entry, delay: float) -> None:
        self._cancel(entry)
        if delay <= 0:
            self._activate(entry)
        else:
            entry.timer = asyncio.get_running_loop().call_later(delay, self._activate, entry)

    def _back_off(self, entry: _Entry) -> float:
        delay: float = min(_FIRST_DELAY * 2.0 ** min(entry.refusals, 16), _LONGEST_DELAY)
        entry.refusals += 1
        entry.not_before = self._clock() + delay
        return delay

    @staticmethod
    def _cancel(entry: _Entry) -> None:
        if entry.timer is not None:
            entry.timer.cancel()
            entry.timer = None
