"""The store: one interface, SQLite behind it."""

from proa.cluster.store.sqlite import SqliteStore
from proa.cluster.store.store import (
    Batch,
    Compacted,
    Entry,
    Event,
    KeyExists,
    Page,
    RevisionMismatch,
    Sink,
    Store,
    StoreError,
    StoreUnavailable,
    Term,
    Value,
    Watch,
    WatchOverflow,
)

__all__ = [
    "Batch",
    "Compacted",
    "Entry",
    "Event",
    "KeyExists",
    "Page",
    "RevisionMismatch",
    "Sink",
    "SqliteStore",
    "Store",
    "StoreError",
    "StoreUnavailable",
    "Term",
    "Value",
    "Watch",
    "WatchOverflow",
]
