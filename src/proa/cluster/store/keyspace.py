"""The present state in memory: values by key, keys in order by bucket."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable
from dataclasses import dataclass, field

from proa.cluster.store.store import Entry, Page


def bucket_of(key: str) -> str:
    """`group/plural/` of a key or prefix."""
    return key[: key.index("/", key.index("/") + 1) + 1]


def prefix_end(prefix: str) -> str:
    """The smallest string above all strings that begin with `prefix` (which ends in ASCII)."""
    return prefix[:-1] + chr(ord(prefix[-1]) + 1)


@dataclass(slots=True)
class Bucket:
    """Keys of one kind, and the revision of the last write to any of them."""

    keys: list[str] = field(default_factory=list)
    revision: int = 0


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
        bucket = self._buckets.get(prefix) or self._buckets.get(bucket_of(prefix))
        return bucket.revision if bucket else 0

    def apply(self, entry: Entry, deleted: bool) -> Entry | None:
        """Take in one write; the entry that was there before."""
        key, bucket = entry.key, self._bucket(entry.key)
        bucket.revision = entry.revision
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
        keys = bucket.keys
        low = bisect_left(keys, max(prefix, start))
        high = bisect_left(keys, prefix_end(prefix), low)
        end = min(high, low + limit) if limit else high
        entries = self.entries
        return Page([entries[key] for key in keys[low:end]], high - end, revision)
