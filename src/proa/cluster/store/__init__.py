"""The store: one interface, SQLite behind it."""

from proa.cluster.store.sqlite import SqliteStore
from proa.cluster.store.store import (
    Compacted,
    Entry,
    Event,
    KeyExists,
    Page,
    RevisionMismatch,
    Store,
    StoreError,
    StoreUnavailable,
    Value,
    Watch,
    WatchOverflow,
)

__all__ = [
    "Compacted",
    "Entry",
    "Event",
    "KeyExists",
    "Page",
    "RevisionMismatch",
    "SqliteStore",
    "Store",
    "StoreError",
    "StoreUnavailable",
    "Value",
    "Watch",
    "WatchOverflow",
]
