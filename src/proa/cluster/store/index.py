"""Which keys of a bucket have which term: a label's value, a field's. The store itself knows neither.

An index is built when it is first asked for, and brought up to date only when it is asked again: a write
costs it a note of the key. One that is not asked while as much is written as there is goes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping

from proa.cluster.store.store import Entry, Term

WORTH = 128
"""Of fewer keys all are looked at sooner than an index is kept."""
KEPT = 8
"""Indexes of a bucket; the one that was not asked for longest goes."""


class Index:
    """The keys of a bucket by the value of a term."""

    def __init__(self, term: Term, entries: Iterable[Entry]) -> None:
        self._term = term
        self._values: dict[str, str] = {}
        self._keys: dict[str, set[str]] = {}
        self.behind: set[str] = set()
        """Keys that were written since the last question."""
        for entry in entries:
            self._put(entry.key, term(entry))

    def keys(self, values: Collection[str], present: Mapping[str, Entry]) -> list[set[str]]:
        """The keys with each of these values. `present` is the state of now."""
        for key in self.behind:
            self._remove(key)
            if (entry := present.get(key)) is not None:
                self._put(key, self._term(entry))
        self.behind.clear()
        return [self._keys[value] for value in values if value in self._keys]

    def _put(self, key: str, value: str | None) -> None:
        if value is not None:
            self._values[key] = value
            self._keys.setdefault(value, set()).add(key)

    def _remove(self, key: str) -> None:
        if (value := self._values.pop(key, None)) is None:
            return
        keys = self._keys[value]
        keys.discard(key)
        if not keys:
            del self._keys[value]


class Indexes:
    """Those of one bucket."""

    def __init__(self) -> None:
        self._known: dict[Term, Index] = {}

    def __len__(self) -> int:
        return len(self._known)

    def find(self, term: Term, entries: Callable[[], Iterable[Entry]]) -> Index:
        """The index by a term; `entries` are all of the bucket, for one that is not known."""
        index = self._known.pop(term, None) or Index(term, entries())
        self._known[term] = index
        if len(self._known) > KEPT:
            del self._known[next(iter(self._known))]
        return index

    def note(self, key: str, size: int) -> None:
        """A key was written, of so many in the bucket."""
        for term, index in tuple(self._known.items()):
            index.behind.add(key)
            if len(index.behind) > max(size, WORTH):
                del self._known[term]
