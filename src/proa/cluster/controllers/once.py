"""Saying a thing once: a level-triggered controller comes by often and finds what it found before."""

from __future__ import annotations

from collections import OrderedDict

from proa.kube import EventRecorder, Object

_REMEMBERED = 4096


class Once:
    """Records an event about an object only when it is not the last one that was recorded about it."""

    def __init__(self, events: EventRecorder) -> None:
        self._events = events
        self._last: OrderedDict[str, tuple[str, str]] = OrderedDict()

    async def event(self, obj: Object, kind: str, reason: str, message: str) -> None:
        """Record the event, unless it is a repetition."""
        uid = obj["metadata"]["uid"]
        if self._last.get(uid) == (reason, message):
            return
        self._last[uid] = (reason, message)
        self._last.move_to_end(uid)
        if len(self._last) > _REMEMBERED:
            self._last.popitem(last=False)
        await self._events.event(obj, kind, reason, message)
