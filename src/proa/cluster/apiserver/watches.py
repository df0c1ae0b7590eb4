"""Watches: the changes of a collection as a client is to see them.

An object that comes to match a selector is ADDED, one that ceases to is DELETED with its old
state at the new revision. Each event is encoded once for all watchers of plain JSON.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from proa.cluster.apiserver import stored_form
from proa.cluster.apiserver.codec import encode_json
from proa.cluster.apiserver.lists import check_reached, selected
from proa.cluster.apiserver.options import ListOptions
from proa.cluster.apiserver.selection import Selection
from proa.cluster.apiserver.target import Target
from proa.cluster.store import Batch, Compacted, Entry, Event, Store, Watch, WatchOverflow
from proa.errors import ApiError, Expired

BOOKMARK_INTERVAL = 45.0
INITIAL_EVENTS_END = "k8s.io/initial-events-end"
_CHUNK = 500
_DEFAULT_TIMEOUT = 1800.0
_ASK_FORM = 1.0
"""Seconds after which watches of a custom resource end when its definition changes or goes."""


@dataclass(frozen=True, slots=True)
class Change:
    """One line of a watch. `shared` holds what was made of it for other watchers."""

    type: str
    value: bytes
    shared: dict[str, Any] | None = None

    def frame(self) -> bytes:
        """The line as JSON."""
        if self.shared is None:
            return b'{"type":"%b","object":%b}\n' % (self.type.encode(), self.value)
        frame: bytes | None = self.shared.get(self.type)
        if frame is None:
            frame = b'{"type":"%b","object":%b}\n' % (self.type.encode(), self.value)
            self.shared[self.type] = frame
        return frame


def error_change(error: ApiError) -> Change:
    """The ERROR line that ends a stream."""
    return Change("ERROR", encode_json(error.status()))


def _too_old(error: Compacted) -> ApiError:
    return Expired(f"The resourceVersion for the provided watch is too old: {error}")


def change_of(event: Event, selection: Selection | None) -> Change | None:
    """What a watcher sees of an event; None when it does not concern it."""
    now, before = event.entry, event.previous
    was = before is not None and (selection is None or selection.matches(before))
    if event.deleted:
        return Change("DELETED", now.value, event.notes) if was else None
    if selection is None or selection.matches(now):
        return Change("MODIFIED" if was else "ADDED", now.value, event.notes)
    return Change("DELETED", before.at(now.revision)) if was and before is not None else None


def _changes_of(events: Iterable[Event], selection: Selection | None) -> list[Change]:
    return [change for event in events if (change := change_of(event, selection)) is not None]


class WatchStream:
    """One watch, from its first line to its end. Close it, or leave the loop over it, to stop."""

    def __init__(self, store: Store, target: Target, options: ListOptions) -> None:
        """Raises BadRequest for a bad selector, Timeout for a revision of the future."""
        self._selection = Selection.of(target.kind, options)
        self._target = self._selection.collection(target) if self._selection else target
        self._options = options
        self._initial: list[Entry] = []
        self._watch: Watch | None = None
        self._error: ApiError | None = None
        self._open(store)
        loop = asyncio.get_running_loop()
        seconds = options.timeout_seconds or _DEFAULT_TIMEOUT * random.uniform(1, 2)
        self._deadline = loop.time() + seconds

    def _open(self, store: Store) -> None:
        prefix, revision = self._target.prefix, int(self._options.resource_version or 0)
        if self._options.starts_with_state:
            check_reached(store, revision)
            found = selected(store, self._target, self._selection) if self._selection else None
            page = found or store.range(prefix)
            self._initial, revision = page.entries, page.revision
        try:
            self._watch = store.watch(prefix, revision)
        except Compacted as error:
            self._error = _too_old(error)

    def push_to(self, sink: Callable[[bytes], bool], render: Callable[[Sequence[Change]], bytes]) -> None:
        """Hand what `render` makes of changes to `sink`, while `changes` waits for them and `sink` takes it.

        It is rendered once for all watches with the same selectors, so `render` must be the same for all.
        """
        kind, selection = self._target.kind, self._selection
        if self._watch is None:
            return
        wanted = (kind.resource.version, self._options.label_selector, self._options.field_selector)

        def push(events: Batch) -> bool:
            rendered: bytes | None = events.notes.get(wanted)
            if rendered is None:
                try:
                    if not all(stored_form.passes(kind, event) for event in events):
                        return False
                    rendered = events.notes[wanted] = render(_changes_of(events, selection))
                except Exception:  # noqa: BLE001 - `changes` meets it again, where only this watch ends
                    return False
            return not rendered or sink(rendered)

        self._watch.push_to(push)

    async def changes(self) -> AsyncIterator[Sequence[Change]]:
        """Batches of changes until the stream ends."""
        if self._watch is None:
            if self._error is not None:
                yield [error_change(self._error)]
            return
        try:
            self._initial = await stored_form.all_shown(self._target.kind, self._initial)
            for chunk in self._initial_changes(self._watch):
                yield chunk
            async for batch in self._live(self._watch):
                yield batch
        except Compacted as error:
            yield [error_change(_too_old(error))]
        except ApiError as error:
            yield [error_change(error)]
        except WatchOverflow:
            return
        finally:
            self.close()

    def _initial_changes(self, watch: Watch) -> Iterator[Sequence[Change]]:
        entries, self._initial = self._initial, []
        for start in range(0, len(entries), _CHUNK):
            part = entries[start : start + _CHUNK]
            yield [
                Change("ADDED", e.value)
                for e in part
                if self._selection is None or self._selection.matches(e)
            ]
        if self._options.initial_events:
            yield [self._bookmark(watch.revision, {"annotations": {INITIAL_EVENTS_END: "true"}})]

    async def _live(self, watch: Watch) -> AsyncIterator[Sequence[Change]]:
        loop = asyncio.get_running_loop()
        bookmark_due = loop.time() + BOOKMARK_INTERVAL
        form = self._target.kind.form
        while (now := loop.time()) < self._deadline and not (form is not None and form.retired):
            wanted = min(bookmark_due, self._deadline, now + _ASK_FORM if form is not None else bookmark_due)
            events = await watch.batch(max(0.0, wanted - now))
            events = await stored_form.events_shown(self._target.kind, events)
            if changes := _changes_of(events, self._selection):
                yield changes
            if loop.time() >= min(bookmark_due, self._deadline):
                bookmark_due = loop.time() + BOOKMARK_INTERVAL
                if self._options.bookmarks:
                    yield [self._bookmark(watch.revision, {})]

    def close(self) -> None:
        """Stop listening; idempotent."""
        if self._watch is not None:
            self._watch.close()

    def _bookmark(self, revision: int, more: dict[str, Any]) -> Change:
        resource = self._target.resource
        metadata = {"resourceVersion": str(revision)} | more
        body = {"kind": resource.kind, "apiVersion": resource.api_version, "metadata": metadata}
        return Change("BOOKMARK", encode_json(body))
