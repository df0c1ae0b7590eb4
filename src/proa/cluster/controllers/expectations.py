"""What a controller wrote and its cache does not show yet: a stale cache must not create twice.

The server's resourceVersions grow over all objects of a collection, and a watch delivers them in
order. So a written object was seen as soon as the cache has seen its version or a later one.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from proa.kube import Informer, Object, is_deleting, key_of

PATIENCE = 30.0
"""Seconds after which an expectation is given up, since the cache was filled anew meanwhile."""


@dataclass
class _Pending:
    revision: int = 0
    removed: set[tuple[str, str]] = field(default_factory=set)
    since: float = field(default_factory=time.monotonic)


class Expectations:
    """Per key of a controller, the writes to one collection that its informer has still to show."""

    def __init__(self, informer: Informer) -> None:
        self._informer = informer
        self._seen = 0
        self._pending: dict[str, _Pending] = {}
        informer.on_change(self._observe)

    def written(self, key: str, obj: Object) -> None:
        """The server answered a create or an update with `obj`."""
        pending = self._pending.setdefault(key, _Pending())
        pending.revision = max(pending.revision, int(obj["metadata"]["resourceVersion"]))

    def removed(self, key: str, obj: Object) -> None:
        """The server accepted the deletion of `obj`."""
        self._pending.setdefault(key, _Pending()).removed.add((key_of(obj), obj["metadata"]["uid"]))

    def met(self, key: str) -> bool:
        """Whether the cache shows all that was written for the key."""
        pending = self._pending.get(key)
        if pending is None:
            return True
        given_up = time.monotonic() - pending.since > PATIENCE
        if not given_up and (self._seen < pending.revision or any(map(self._is_present, pending.removed))):
            return False
        del self._pending[key]
        return True

    def forget(self, key: str) -> None:
        """The key's object is gone."""
        self._pending.pop(key, None)

    def _observe(self, old: Object | None, new: Object | None) -> None:  # noqa: ARG002 - a handler's form
        if new is not None:
            self._seen = max(self._seen, int(new["metadata"]["resourceVersion"]))

    def _is_present(self, removed: tuple[str, str]) -> bool:
        key, uid = removed
        obj = self._informer.get(key)
        return obj is not None and obj["metadata"]["uid"] == uid and not is_deleting(obj)
