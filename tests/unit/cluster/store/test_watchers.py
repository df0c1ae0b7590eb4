"""Fan-out: what a sink does not take comes from the queue, in order, once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from proa.cluster.store import Batch, Entry, Event
from proa.cluster.store.watchers import Hub, QueuedWatch

_BATCHES = st.lists(st.tuples(st.integers(1, 3), st.booleans(), st.booleans()), max_size=20)
"""How many events are published at once, whether the sink takes them, whether the reader runs then."""


def _events(first: int, count: int) -> list[Event]:
    return [Event(Entry(f"/pods/{n}", n, 0, b""), None, deleted=False) for n in range(first, first + count)]


async def _told(batches: Sequence[tuple[int, bool, bool]]) -> tuple[list[int], int]:
    """The revisions that a sink and a reader beside it were told, and the last revision."""
    hub = Hub(0)
    watch = QueuedWatch(hub, "/pods/", None)
    hub.add(watch)
    told, takes = list[int](), [True]

    def sink(events: Sequence[Event]) -> bool:
        told.extend(event.entry.revision for event in events if takes[0])
        return takes[0]

    async def read() -> None:
        while True:
            told.extend(event.entry.revision for event in await watch.batch())

    watch.push_to(sink)
    reader = asyncio.create_task(read())
    for count, takes[0], runs in batches:
        if runs:
            await asyncio.sleep(0)
        hub.publish(_events(hub.revision + 1, count))
    for _ in range(3):
        await asyncio.sleep(0)
    reader.cancel()
    watch.close()
    return told, watch.revision


@given(_BATCHES)
def test_every_event_is_told_once_and_in_order(batches: list[tuple[int, bool, bool]]) -> None:
    told, revision = asyncio.run(_told(batches))

    assert told == list(range(1, sum(count for count, _, _ in batches) + 1))
    assert revision == len(told)


async def test_while_nobody_waits_nothing_is_pushed() -> None:
    hub = Hub(0)
    watch = QueuedWatch(hub, "/pods/", None)
    hub.add(watch)
    watch.push_to(lambda _: True)

    hub.publish(_events(1, 2))

    assert [event.entry.revision for event in await watch.batch()] == [1, 2]
    watch.close()


def _watching(hub: Hub, prefix: str, told: list[Batch]) -> QueuedWatch:
    """A watch whose batches are noted whole while it waits."""
    watch = QueuedWatch(hub, prefix, None)
    hub.add(watch)
    watch.push_to(lambda batch: not told.append(batch))  # type: ignore[func-returns-value]
    return watch


async def test_who_watches_the_same_is_handed_the_same_batch_of_their_events_only() -> None:
    hub, told = Hub(0), {name: list[Batch]() for name in "abcd"}
    prefixes = {"a": "/pods/x/", "b": "/pods/x/", "c": "/pods/", "d": "/nodes/"}
    watches = [_watching(hub, prefix, told[name]) for name, prefix in prefixes.items()]
    readers = [asyncio.create_task(watch.batch()) for watch in watches]
    await asyncio.sleep(0)

    keys = ["/pods/x/1", "/pods/y/1", "/pods/x/2"]
    hub.publish([Event(Entry(key, n, 0, b""), None, deleted=False) for n, key in enumerate(keys, 1)])

    revisions = {name: [[e.entry.revision for e in b] for b in batches] for name, batches in told.items()}
    assert revisions == {"a": [[1, 3]], "b": [[1, 3]], "c": [[1, 2, 3]], "d": []}
    assert told["a"][0] is told["b"][0]
    assert [watch.revision for watch in watches] == [3, 3, 3, 0]
    for reader, watch in zip(readers, watches, strict=True):
        reader.cancel()
        watch.close()
