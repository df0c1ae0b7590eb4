"""The thread that writes: it drains its queue, commits all of it at once, then reports.

A lone write to a quick disk is committed by the caller: there the way to the thread and back would take
as long as the commit.

A batch that fails is tried again one by one, so that only the writes that cannot be done fail.
A failed write uses up no revision.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from time import perf_counter
from typing import Any

from proa.cluster.store import database
from proa.cluster.store.store import Entry, StoreError, StoreUnavailable, Value

BATCH = 128
_QUICK = 0.0005  # seconds that a commit takes, of late, up to which the loop does it itself


@dataclass(slots=True)
class Write:
    """One row to add. `done` is whatever the caller wants to find it by."""

    key: str
    value: Value
    previous: int
    deleted: bool
    done: Any = None


@dataclass(slots=True)
class Outcome:
    """The entry that was stored, or why not."""

    write: Write
    entry: Entry | None
    error: StoreError | None = None

    def stored(self) -> Entry:
        """The entry. Raises the StoreError why there is none."""
        if self.entry is None:
            raise self.error or StoreError(f"{self.write.key} was not written")
        return self.entry


Job = Callable[[sqlite3.Connection], None]
Report = Callable[[Sequence[Outcome]], None]
Seal = Callable[[str, bytes], bytes]
"""From a key and its plain value to the bytes for the file."""


class Writer(threading.Thread):
    """Takes writes in any thread; calls `report` in its own."""

    def __init__(self, connection: sqlite3.Connection, revision: int, report: Report, seal: Seal) -> None:
        super().__init__(name="store-writer", daemon=True)
        self._connection = connection
        self._revision = revision
        self._report = report
        self._seal = seal
        self._queue: SimpleQueue[Write | Job | None] = SimpleQueue()
        self._turn = threading.Lock()
        self._commit_seconds = 0.0

    def put(self, item: Write | Job) -> None:
        """Queue a write, or a job to run on the connection between batches."""
        self._queue.put(item)

    def stop(self) -> None:
        """Finish what is queued, then end."""
        self._queue.put(None)

    def close(self) -> None:
        """Close the connection; after the thread has ended."""
        self._connection.close()

    def run(self) -> None:
        items: list[Write | Job | None] = []
        while None not in items:
            items = self._drain()
            with self._turn:
                if writes := [item for item in items if isinstance(item, Write)]:
                    self._report(self._commit(writes))
                for item in items:
                    if callable(item):
                        item(self._connection)

    def at_once(self, writes: list[Write]) -> list[Outcome]:
        """Commit in the caller's thread; nothing is done where that would keep it waiting.

        For a caller that has no writes in the queue or not yet reported, as these would be overtaken.
        """
        if self._commit_seconds > _QUICK or not self._turn.acquire(blocking=False):
            return []
        try:
            return self._commit(writes)
        finally:
            self._turn.release()

    def _drain(self) -> list[Write | Job | None]:
        """Wait for one item, then take all that wait beside it."""
        items = [self._queue.get()]
        try:
            while len(items) < BATCH:
                items.append(self._queue.get_nowait())
        except Empty:
            pass
        return items

    def _commit(self, batch: list[Write]) -> list[Outcome]:
        entries = [_entry(write, self._revision + i) for i, write in enumerate(batch, 1)]
        rows = [
            (
                entry.revision,
                write.key,
                write.previous,
                write.deleted,
                entry.cut,
                self._seal(write.key, entry.value),
            )
            for write, entry in zip(batch, entries, strict=True)
        ]
        begun = perf_counter()
        try:
            database.insert(self._connection, rows)
        except sqlite3.Error as error:
            if len(batch) > 1:
                return [outcome for write in batch for outcome in self._commit([write])]
            return [Outcome(batch[0], None, StoreUnavailable(f"the database cannot be written: {error}"))]
        self._commit_seconds += (perf_counter() - begun - self._commit_seconds) / 8
        self._revision += len(batch)
        return [Outcome(write, entry) for write, entry in zip(batch, entries, strict=True)]


def _entry(write: Write, revision: int) -> Entry:
    head, tail = write.value
    return Entry(write.key, revision, len(head), b"%b%d%b" % (head, revision, tail))
