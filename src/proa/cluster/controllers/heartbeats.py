"""When each node was last heard of, by our own clock: two clocks that differ do no harm."""

from __future__ import annotations

from collections.abc import Callable

from proa.kube import Object, find_condition


class Heartbeats:
    """A node is heard of whenever its lease or its Ready condition carries a time not seen before."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._seen: dict[str, tuple[tuple[str, str], float]] = {}

    def silence(self, name: str, node: Object, lease: Object | None) -> float:
        """Seconds since the last sign of life; 0 at the first look, so that a restart starts it anew."""
        ready = find_condition(node, "Ready") or {}
        renewed = ((lease or {}).get("spec") or {}).get("renewTime") or ""
        signs = (str(renewed), str(ready.get("lastHeartbeatTime") or ""))
        last = self._seen.get(name)
        if last is None or last[0] != signs:
            self._seen[name] = (signs, self._clock())
            return 0.0
        return self._clock() - last[1]

    def forget(self, name: str) -> None:
        """The node is gone."""
        self._seen.pop(name, None)
