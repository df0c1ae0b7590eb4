"""The statements that run on the SQLite file.

One table holds the history. `previous` is the revision that a row replaced (0: the key was new),
`cut` is where the decimal revision stands in `value`, a row with `deleted` holds the last state.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence

from proa.cluster.store.keyspace import prefix_end
from proa.cluster.store.store import Entry, Event, Page

Row = tuple[int, str, int, int, int, bytes]
"""revision, key, previous, deleted, cut, value"""

_COLUMNS = "revision, key, previous, deleted, cut, value"


Unseal = Callable[[str, bytes], bytes]
"""From the key and the bytes in the file to the plain value."""


def _entry(unseal: Unseal, key: str, revision: int, cut: int, value: bytes) -> Entry:
    return Entry(key, revision, cut, value if value.startswith(b"{") else unseal(key, value))


def load(connection: sqlite3.Connection, unseal: Unseal) -> Iterator[Entry]:
    """The present state in the order of keys."""
    rows = connection.execute(
        "SELECT key, revision, cut, value FROM revisions WHERE NOT deleted AND revision IN "
        "(SELECT max(revision) FROM revisions GROUP BY key) ORDER BY key"
    )
    return (_entry(unseal, *row) for row in rows)


def last_revision(connection: sqlite3.Connection) -> int:
    """The newest revision ever given, as compaction never removes the newest row."""
    (revision,) = connection.execute("SELECT coalesce(max(revision), 0) FROM revisions").fetchone()
    return int(revision)


def compacted_revision(connection: sqlite3.Connection) -> int:
    """Up to here only the then newest values are kept."""
    (revision,) = connection.execute("SELECT revision FROM compaction").fetchone()
    return int(revision)


def insert(connection: sqlite3.Connection, rows: Sequence[Row]) -> None:
    """Add rows durably: one statement is one transaction, and one turn with the interpreter lock."""
    marks = ",".join(["(?,?,?,?,?,?)"] * len(rows))
    statement = f"INSERT INTO revisions ({_COLUMNS}) VALUES {marks}"  # noqa: S608 (placeholders only)
    connection.execute(statement, [value for row in rows for value in row])


def range_at(
    connection: sqlite3.Connection, unseal: Unseal, revision: int, prefix: str, start: str, limit: int
) -> Page:
    """Entries as they were at `revision`."""
    heads = connection.execute(
        "SELECT max(revision), deleted FROM revisions "
        "WHERE key >= ? AND key < ? AND revision <= ? GROUP BY key",
        (max(prefix, start), prefix_end(prefix), revision),
    )
    alive = [r for r, deleted in heads if not deleted]
    wanted = alive[:limit] if limit else alive
    entries = []
    for number in wanted:
        query = "SELECT key, revision, cut, value FROM revisions WHERE revision = ?"
        entries.append(_entry(unseal, *connection.execute(query, (number,)).fetchone()))
    return Page(entries, len(alive) - len(wanted), revision)


def events(
    connection: sqlite3.Connection, unseal: Unseal, after: int, until: int, prefix: str
) -> list[Event]:
    """What happened under a prefix in the revisions (after, until]."""
    rows = connection.execute(
        "SELECT now.key, now.revision, now.cut, now.value, now.deleted, old.revision, old.cut, old.value "
        "FROM revisions AS now LEFT JOIN revisions AS old ON old.revision = now.previous "
        "WHERE now.revision > ? AND now.revision <= ? AND now.key >= ? AND now.key < ? ORDER BY now.revision",
        (after, until, prefix, prefix_end(prefix)),
    )
    return [
        Event(
            _entry(unseal, key, number, cut, value),
            _entry(unseal, key, *old) if old[0] else None,
            bool(deleted),
        )
        for key, number, cut, value, deleted, *old in rows
    ]


def compact(connection: sqlite3.Connection, after: int, until: int) -> None:
    """Forget what the writes in (after, until] replaced; watches from before `until` are then refused."""
    span = (after, until)
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute("UPDATE compaction SET revision = ?", (until,))
        connection.execute(
            "DELETE FROM revisions WHERE revision IN "
            "(SELECT previous FROM revisions WHERE revision > ? AND revision <= ? AND previous > 0)",
            span,
        )
        connection.execute("DELETE FROM revisions WHERE revision > ? AND revision <= ? AND deleted", span)
        connection.execute("COMMIT")
    except sqlite3.Error:
        connection.execute("ROLLBACK")
        raise
    connection.execute("PRAGMA incremental_vacuum(256)").fetchall()
