"""Fan-out of events to watchers: a bounded queue each, so that a slow one harms only itself."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence

from proa.cluster.store.keyspace import bucket_of
from proa.cluster.store.store import Batch, Event, Sink, WatchOverflow
from proa.kube.timers import Timer

QUEUE_LIMIT = 2048


class QueuedWatch:
    """A watch that first replays history, then hands out what the hub put into its queue."""

    def __init__(
        self, hub: Hub, prefix: str, replay: Callable[[], Awaitable[Sequence[Event]]] | None
    ) -> None:
        self.prefix = prefix
        self.revision = hub.revision
        self._hub = hub
        self._replay = replay
        self._queue: deque[Event] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._timer: Timer | None = None
        self._overflowed = False
        self._sink: Sink | None = None

    async def batch(self, seconds: float | None = None) -> Sequence[Event]:
        if self._replay is not None:
            replay, self._replay = self._replay, None
            if events := await replay():
                return events
        if not self._queue and not self._overflowed:
            await self._wait(seconds)
        if self._overflowed:
            raise WatchOverflow("the watcher fell too far behind")
        events = list(self._queue)
        self._queue.clear()
        self.revision = self._hub.revision
        return events

    async def _wait(self, seconds: float | None) -> None:
        loop = asyncio.get_running_loop()
        self._waiter = loop.create_future()
        if seconds is not None:
            self._call_at(loop.time() + seconds)
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _call_at(self, when: float) -> None:
        """Wake up by then. One timer serves many waits: an earlier one only wakes for nothing, once."""
        if self._timer is None or self._timer.when > when:
            self._cancel_timer()
            self._timer = Timer(when, self._time_out)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _time_out(self) -> None:
        self._timer = None
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def offer(self, batch: Batch) -> None:
        """Hand on events: to the sink while the reader waits, if it takes them, else to the reader."""
        idle = self._waiter is not None and not self._waiter.done()
        if idle and self._sink is not None and self._sink(batch):
            self.revision = self._hub.revision
            return
        self._put(batch)
        if idle:
            self._wake()

    def _put(self, batch: Batch) -> None:
        """Queue events; beyond the limit the watch is cut off and what it held is freed."""
        if len(self._queue) + len(batch) > QUEUE_LIMIT:
            self._overflowed = True
            self._queue.clear()
            self.close()
        elif not self._overflowed:
            self._queue.extend(batch)

    def push_to(self, sink: Sink) -> None:
        self._sink = sink

    def close(self) -> None:
        self._cancel_timer()
        self._hub.remove(self)


class Hub:
    """All watchers, by bucket."""

    def __init__(self, revision: int) -> None:
        self.revision = revision
        self._watches: dict[str, dict[QueuedWatch, None]] = {}

    def add(self, watch: QueuedWatch) -> None:
        """Hand events to the watch from now on."""
        self._watches.setdefault(bucket_of(watch.prefix), {})[watch] = None

    def remove(self, watch: QueuedWatch) -> None:
        """Forget the watch; nothing happens when it is not known."""
        self._watches.get(bucket_of(watch.prefix), {}).pop(watch, None)

    def counts(self) -> dict[str, int]:
        """Watches by bucket."""
        return {name: len(watches) for name, watches in self._watches.items()}

    def publish(self, events: Sequence[Event]) -> None:
        """Hand events, in the order of revisions, to whom they concern."""
        batches: dict[str, Batch] = {}
        for event in events:
            self.revision = event.entry.revision
            batches.setdefault(bucket_of(event.entry.key), Batch()).append(event)
        for bucket, batch in batches.items():
            for watch in tuple(self._watches.get(bucket, ())):
                if part := batch.under(watch.prefix):
                    watch.offer(part)
