"""Between the version that a request speaks and the bytes that are stored.

All kinds but custom resources and old versions of built-in kinds are stored as they are shown.
"""

from __future__ import annotations

from collections.abc import Sequence

from proa.cluster.apiserver import codec
from proa.cluster.apiserver.kind import Kind
from proa.cluster.store import Entry, Event, Value
from proa.kube.resources import Object


async def shown(kind: Kind, entry: Entry) -> Entry:
    """A stored entry as clients of the kind's version see it. Raises ApiError."""
    form = kind.form or kind.conversion
    if form is None or form.passes(entry):
        return entry
    return (await form.shown([entry]))[0]


async def all_shown(kind: Kind, entries: list[Entry]) -> list[Entry]:
    """The same for many; the same list where all are stored as they are shown. Raises ApiError."""
    form = kind.form or kind.conversion
    if form is None or all(map(form.passes, entries)):
        return entries
    return await form.shown(entries)


async def events_shown(kind: Kind, events: Sequence[Event]) -> Sequence[Event]:
    """Events with entries as clients of the kind's version see them. Raises ApiError."""
    form = kind.form or kind.conversion
    if form is None:
        return events
    return [event if passes(kind, event) else await _event_shown(kind, event) for event in events]


def passes(kind: Kind, event: Event) -> bool:
    """Whether what is stored is what clients of the kind's version see."""
    form, previous = kind.form or kind.conversion, event.previous
    return form is None or (form.passes(event.entry) and (previous is None or form.passes(previous)))


async def _event_shown(kind: Kind, event: Event) -> Event:
    """Made once for all watchers of the version."""
    known: Event | None = event.notes.get(kind.resource.version)
    if known is None:
        previous = None if event.previous is None else await shown(kind, event.previous)
        known = Event(await shown(kind, event.entry), previous, event.deleted)
        event.notes[kind.resource.version] = known
    return known


async def is_stored(kind: Kind, obj: Object, entry: Entry) -> bool:
    """Whether an object that is as it was need not be written: its stored form is that of today."""
    if kind.form is None and kind.conversion is None:
        return True
    head, tail = await value(kind, obj)
    return entry.value == b"%b%d%b" % (head, entry.revision, tail)


async def value(kind: Kind, obj: Object) -> Value:
    """The bytes to store of an object. Raises ApiError."""
    form = kind.form or kind.conversion
    return codec.encode(obj if form is None else await form.stored(obj))
