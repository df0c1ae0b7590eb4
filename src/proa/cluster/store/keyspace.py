"""The present state in memory: values by key, keys in order by bucket."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from proa.cluster.store.index import WORTH, Indexes
from proa.cluster.store.store import Entry, Page, Term


def bucket_of(key: str) -> str:
    """`group/plural/` of a key or prefix."""
    return key[: key.index("/", key.index("/") + 1) + 1]


def prefix_end(prefix: str) -> str:
    """The smallest string above all strings that begin with `prefix` (which ends in ASCII)."""
    return prefix[:-1] + chr(ord(prefix[-1]) + 1)


_ORDERING = 4
"""To put a key that an index gave in its place costs as much as to look at so many in order."""


@dataclass(slots=True)
class Bucket:
    """Keys of one kind, the revision of the last write to any of them, and indexes that were asked for."""

    keys: list[str] = field(default_factory=list)
    revision: int = 0
    indexes: Indexes = field(default_factory=Indexes)


class Keyspace:
    """What is stored now."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        """`entries` in the order of keys."""
        self.entries: dict[str, Entry] = {}
        self._buckets: dict[str, Bucket] = {}
        for entry in entries:
            self.entries[entry.key] = entry
            bucket = self._bucket(entry.key)
            bucket.keys.append(entry.key)
            bucket.revision = max(bucket.revision, entry.revision)

    def _bucket(self, key: str) -> Bucket:
        name = bucket_of(key)
        bucket = self._buckets.get(name)
        if bucket is None:
            bucket = self._buckets[name] = Bucket()
        return bucket

    def counts(self) -> dict[str, int]:
        """Keys by bucket."""
        return {name: len(bucket.keys) for name, bucket in self._buckets.items()}

    def touched(self, prefix: str) -> int:
        """Revision of the last write to the bucket; 0 when none is known."""
        bucket = self._buckets.get(prefix) or self._bucket(prefix)
        return bucket.revision

    def apply(self, entry: Entry, deleted: bool) -> Entry | None:
        """Take in one write; the entry that was there before."""
        key, bucket = entry.key, self._bucket(entry.key)
        bucket.revision = entry.revision
        if bucket.indexes:
            bucket.indexes.note(key, len(bucket.keys))
        previous = self.entries.get(key)
        if deleted:
            del self.entries[key]
            del bucket.keys[bisect_left(bucket.keys, key)]
            return previous
        self.entries[key] = entry
        if previous is None:
            insort(bucket.keys, key)
        return previous

    def range(self, prefix: str, start: str, limit: int, revision: int) -> Page:
        """Entries under a prefix, stamped as a page of `revision`."""
        bucket = self._buckets.get(bucket_of(prefix))
        if bucket is None:
            return Page([], 0, revision)
        keys, (low, high) = bucket.keys, _span(bucket.keys, prefix, start)
        end = min(high, low + limit) if limit else high
        entries = self.entries
        return Page([entries[key] for key in keys[low:end]], high - end, revision)

    def select(self, prefix: str, term: Term, values: Collection[str], start: str) -> list[Entry] | None:
        """Entries by an index, in the order of keys; None where to look at all of them is no dearer."""
        bucket = self._buckets.get(bucket_of(prefix))
        if bucket is None:
            return []
        low, high = _span(bucket.keys, prefix, start)
        if high - low < WORTH:
            return None
        entries = self.entries
        index = bucket.indexes.find(term, lambda: (entries[key] for key in bucket.keys))
        found = index.keys(values, entries)
        if sum(map(len, found)) * _ORDERING > high - low:
            return None
        after, end = max(prefix, start), prefix_end(prefix)
        return [entries[key] for key in sorted(k for keys in found for k in keys if after <= k < end)]


def _span(keys: list[str], prefix: str, start: str) -> tuple[int, int]:
    """Where the keys under a prefix, from `start` on, stand among all."""
    low = bisect_left(keys, max(prefix, start))
    return low, bisect_left(keys, prefix_end(prefix), low)
