"""What the API server needs of a store: one ordered history of writes to keyed bytes.

Every write gets the next revision of the whole store. A value is handed over in two halves and
the store writes the decimal revision between them, so stored bytes already carry their
`metadata.resourceVersion` and go to clients as they are.

Keys are `group/plural/[namespace/]name`; the first two parts are the bucket, within which
prefixes are searched. Reads of the present come from memory and never wait; they include every
write that was answered before. A store of several servers (etcd) keeps this with its own cache.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from typing import Any, NamedTuple, Protocol

from proa.errors import ProaError


class StoreError(ProaError):
    """A write or read was not done, and nothing was changed."""


class StoreUnavailable(StoreError):
    """The disk refused; the message says why. The next try may succeed."""


class KeyExists(StoreError):
    """Create of a key that is there."""


class RevisionMismatch(StoreError):
    """Compare-and-swap failed; `current` is what is stored now, None when the key is gone."""

    def __init__(self, key: str, current: Entry | None) -> None:
        super().__init__(f"{key} is at revision {current.revision if current else 0}")
        self.current = current


class Compacted(StoreError):
    """The revision is older than the kept history, or was never reached."""


class WatchOverflow(StoreError):
    """The watcher fell too far behind and was cut off."""


class Value(NamedTuple):
    """Bytes to store: the revision goes between the halves."""

    head: bytes
    tail: bytes


class Entry:
    """A value as stored at one revision. Immutable but for `notes`, what a reader derived from it."""

    __slots__ = ("cut", "key", "notes", "revision", "value")

    def __init__(self, key: str, revision: int, cut: int, value: bytes) -> None:
        self.key = key
        self.revision = revision
        self.cut = cut
        self.value = value
        self.notes: Any = None

    def at(self, revision: int) -> bytes:
        """The value as if written at another revision."""
        after = self.cut + len(str(self.revision))
        return b"%b%d%b" % (self.value[: self.cut], revision, self.value[after:])


class Event:
    """One write: the entry written (on deletion the last state, at the new revision) and the one before."""

    __slots__ = ("deleted", "entry", "notes", "previous")

    def __init__(self, entry: Entry, previous: Entry | None, deleted: bool) -> None:
        self.entry = entry
        self.previous = previous
        self.deleted = deleted
        self.notes: dict[str, Any] = {}


class Batch(list[Event]):
    """Events that were published together, of one bucket; `notes` is what readers made of all of them."""

    __slots__ = ("_parts", "notes")

    def __init__(self, events: Iterable[Event] = ()) -> None:
        super().__init__(events)
        self.notes: dict[Hashable, Any] = {}
        self._parts: dict[str, Batch] = {}

    def under(self, prefix: str) -> Batch:
        """Those whose keys begin so: the same object for all who ask."""
        part = self._parts.get(prefix)
        if part is None:
            events = [event for event in self if event.entry.key.startswith(prefix)]
            part = self._parts[prefix] = Batch(events)
        return part


class Page(NamedTuple):
    """Entries in the order of keys; `remaining` counts those after the limit."""

    entries: list[Entry]
    remaining: int
    revision: int


class Term(Hashable, Protocol):
    """What an entry may be found by; equal terms say the same of every entry."""

    def __call__(self, entry: Entry) -> str | None:
        """The entry's value; None when it has none."""


Sink = Callable[[Batch], bool]
"""Takes events at once, or says that it cannot now. Raises nothing."""


class Watch(Protocol):
    """Events under a prefix, in the order of revisions."""

    @property
    def revision(self) -> int:
        """All events up to this revision were handed out."""

    async def batch(self, seconds: float | None = None) -> Sequence[Event]:
        """The next events, at least one; none when so many seconds passed.

        Raises WatchOverflow, and Compacted when history was forgotten before it could be replayed.
        """

    def push_to(self, sink: Sink) -> None:
        """While `batch` waits, hand events to `sink` as they come; those that it refuses end the wait."""

    def close(self) -> None:
        """Stop; idempotent."""


class Store(Protocol):
    """One ordered history of writes."""

    @property
    def revision(self) -> int:
        """The newest revision that readers can see."""

    def get(self, key: str) -> Entry | None:
        """The present value."""

    def range(self, prefix: str, *, start: str = "", limit: int = 0) -> Page:
        """Present values under a prefix of at least a bucket, from key `start` on."""

    def select(
        self, prefix: str, term: Term, values: Collection[str], *, start: str = ""
    ) -> list[Entry] | None:
        """Present values whose term has one of these values; it costs the size of the answer.

        None where nothing is gained against looking at all of `range`.
        """

    def touched(self, prefix: str) -> int:
        """Revision of the last known write to the bucket of a prefix; while it stays, nothing changed."""

    async def range_at(self, revision: int, prefix: str, *, start: str = "", limit: int = 0) -> Page:
        """Values as they were at a revision. Raises Compacted."""

    async def create(self, key: str, value: Value) -> Entry:
        """Raises KeyExists."""

    async def update(self, key: str, value: Value, expected: int) -> Entry:
        """Raises RevisionMismatch unless the key is at revision `expected`."""

    async def delete(self, key: str, last: Value, expected: int) -> Entry:
        """Remove; `last` is the final state that watchers see. Raises RevisionMismatch."""

    def watch(self, prefix: str, revision: int) -> Watch:
        """Everything after `revision`. Raises Compacted."""

    async def close(self) -> None:
        """Finish the writes under way and let go of the files."""
