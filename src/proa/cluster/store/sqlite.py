"""The store of one server: SQLite in WAL mode, durable before it answers.

Reads of the present are served from memory; the file is read at start and for history. The loop
checks the compare-and-swap, the writer gives the revision and commits, the loop publishes.
Writes to one key wait for each other, so a check never sees a value that is still under way.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeVar

from proa.cluster.store import database
from proa.cluster.store.compaction import Marks, steps
from proa.cluster.store.encryption import NO_ENCRYPTION, Encryption
from proa.cluster.store.opening import open_database
from proa.cluster.store.store import (
    Compacted,
    Entry,
    Event,
    KeyExists,
    Page,
    RevisionMismatch,
    StoreUnavailable,
    Term,
    Value,
)
from proa.cluster.store.watchers import Hub, QueuedWatch
from proa.cluster.store.writer import Outcome, Write, Writer

logger = logging.getLogger(__name__)
T = TypeVar("T")

COMPACTION_INTERVAL = 15.0


class SqliteStore:
    """See `Store`. Make it inside the event loop that uses it."""

    def __init__(
        self, path: Path, *, keep_seconds: float = 330.0, encryption: Encryption = NO_ENCRYPTION
    ) -> None:
        self._loop = asyncio.get_running_loop()
        opened = open_database(path, encryption)
        self._unseal = encryption.unseal
        self._lock, self._reader, self._keys = opened.lock, opened.reader, opened.keys
        self._compacted = opened.compacted
        self._hub = Hub(opened.revision)
        self._under_way: dict[str, list[asyncio.Future[Outcome]]] = {}
        """By key: who writes, and who waits for that to have ended."""
        self._gathered: list[Write] = []
        self._readers = ThreadPoolExecutor(1, "store-reader")
        self._writer = Writer(opened.writer, opened.revision, self._report, encryption.seal)
        self._writer.start()
        self._marks = Marks(keep_seconds)
        self._compaction = self._loop.create_task(self._compact_forever())

    # Reading

    @property
    def revision(self) -> int:
        return self._hub.revision

    def get(self, key: str) -> Entry | None:
        return self._keys.entries.get(key)

    def range(self, prefix: str, *, start: str = "", limit: int = 0) -> Page:
        return self._keys.range(prefix, start, limit, self._hub.revision)

    def select(
        self, prefix: str, term: Term, values: Collection[str], *, start: str = ""
    ) -> list[Entry] | None:
        return self._keys.select(prefix, term, values, start)

    def objects(self) -> dict[str, int]:
        """How many values there are, by bucket."""
        return self._keys.counts()

    def watches(self) -> dict[str, int]:
        """How many watches are open, by bucket."""
        return self._hub.counts()

    def touched(self, prefix: str) -> int:
        return self._keys.touched(prefix)

    async def range_at(self, revision: int, prefix: str, *, start: str = "", limit: int = 0) -> Page:
        self._check_kept(revision)
        if self._keys.touched(prefix) <= revision:
            return self._keys.range(prefix, start, limit, revision)
        page = await self._read(
            partial(database.range_at, self._reader, self._unseal, revision, prefix, start, limit)
        )
        self._check_kept(revision)
        return page

    def _check_kept(self, revision: int) -> None:
        if not self._compacted <= revision <= self._hub.revision:
            raise Compacted(
                f"revision {revision} is not in the kept history, which begins at {self._compacted}"
            )

    async def _read(self, query: Callable[[], T]) -> T:
        try:
            return await self._loop.run_in_executor(self._readers, query)
        except sqlite3.Error as error:
            raise StoreUnavailable(f"the database cannot be read: {error}") from error

    # Writing

    async def create(self, key: str, value: Value) -> Entry:
        await self._settled(key)
        if key in self._keys.entries:
            raise KeyExists(key)
        return await self._write(Write(key, value, 0, deleted=False))

    async def update(self, key: str, value: Value, expected: int) -> Entry:
        return await self._replace(key, value, expected, deleted=False)

    async def delete(self, key: str, last: Value, expected: int) -> Entry:
        return await self._replace(key, last, expected, deleted=True)

    async def _replace(self, key: str, value: Value, expected: int, *, deleted: bool) -> Entry:
        await self._settled(key)
        current = self._keys.entries.get(key)
        if current is None or current.revision != expected:
            raise RevisionMismatch(key, current)
        return await self._write(Write(key, value, expected, deleted))

    async def _settled(self, key: str) -> None:
        while (waiting := self._under_way.get(key)) is not None:
            waiting.append(self._loop.create_future())
            await waiting[-1]

    async def _write(self, write: Write) -> Entry:
        future: asyncio.Future[Outcome] = self._loop.create_future()
        self._under_way[write.key] = [future]
        if not self._gathered:
            self._loop.call_soon(self._hand_over)
        self._gathered.append(write)
        return (await future).stored()

    def _hand_over(self) -> None:
        """Give the writer what one turn of the loop gathered; a lone write it may do at once."""
        writes, self._gathered = self._gathered, []
        if len(writes) == len(self._under_way) == 1 and (outcomes := self._writer.at_once(writes)):
            self._publish(outcomes)
            return
        for write in writes:
            self._writer.put(write)

    def _report(self, outcomes: Sequence[Outcome]) -> None:
        self._loop.call_soon_threadsafe(self._publish, outcomes)

    def _publish(self, outcomes: Sequence[Outcome]) -> None:
        events = []
        for outcome in outcomes:
            if outcome.entry is not None:
                previous = self._keys.apply(outcome.entry, outcome.write.deleted)
                events.append(Event(outcome.entry, previous, outcome.write.deleted))
        self._hub.publish(events)
        for outcome in outcomes:
            for future in self._under_way.pop(outcome.write.key):
                if not future.done():  # as it is when who waited is gone
                    future.set_result(outcome)

    # Watching

    def watch(self, prefix: str, revision: int) -> QueuedWatch:
        self._check_kept(revision)
        behind = self._keys.touched(prefix) > revision
        replay = partial(self._replay, prefix, revision, self._hub.revision) if behind else None
        watch = QueuedWatch(self._hub, prefix, replay)
        self._hub.add(watch)
        return watch

    async def _replay(self, prefix: str, after: int, until: int) -> Sequence[Event]:
        events = await self._read(partial(database.events, self._reader, self._unseal, after, until, prefix))
        self._check_kept(after)
        return events

    # Compaction and the end

    async def _compact_forever(self) -> None:
        while True:
            self._marks.add(self._loop.time(), self._hub.revision)
            await asyncio.sleep(COMPACTION_INTERVAL)
            await self.compact(self._marks.expired(self._loop.time()))

    async def compact(self, until: int) -> None:
        """Forget history up to a revision, in small transactions between the writes."""
        for after, end in steps(self._compacted, min(until, self._hub.revision - 1)):
            self._compacted = end
            done: asyncio.Future[None] = self._loop.create_future()
            self._writer.put(partial(self._compact_step, after, end, done))
            await done

    def _compact_step(
        self, after: int, end: int, done: asyncio.Future[None], connection: sqlite3.Connection
    ) -> None:
        try:
            database.compact(connection, after, end)
        except sqlite3.Error as error:
            logger.warning("history up to revision %d cannot be compacted: %s", end, error)
        self._loop.call_soon_threadsafe(done.set_result, None)

    async def close(self) -> None:
        self._compaction.cancel()
        self._hand_over()
        self._writer.stop()
        await self._loop.run_in_executor(self._readers, self._writer.join)
        self._readers.shutdown()
        self._reader.close()
        self._writer.close()
        self._lock.close()
