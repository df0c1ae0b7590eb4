"""The last two readings of everything, and the use that follows from them. Pure.

Source: metrics-server pkg/storage. Use is that between the two readings, and the window what lies
between them; a container that has just started is measured from its start.
"""

from __future__ import annotations

from typing import NamedTuple

from proa.cluster.metrics.readings import PodKey, Point, Readings

_SHORTEST_FRESH = 10.0
"""Seconds that a new container must have run to be measured from its start."""


class Usage(NamedTuple):
    """Cores and bytes, as of a time, over a window of so many seconds."""

    at: float
    window: float
    cores: float
    memory: int


def usage(before: Point | None, now: Point) -> Usage | None:
    """The use between two readings; None when they do not follow one another."""
    if before is None or now.at <= before.at or now.cpu < before.cpu or now.started > before.at:
        return None
    window = now.at - before.at
    return Usage(now.at, window, (now.cpu - before.cpu) / window, now.memory)


def beginning(now: Point, resolution: float) -> Point | None:
    """The start of a container as a reading, if it started within the last `resolution` seconds."""
    ran = now.at - now.started
    return Point(now.started, 0.0, 0) if now.started and _SHORTEST_FRESH <= ran < resolution else None


class History:
    """What is known of all nodes."""

    def __init__(self, resolution: float) -> None:
        self._resolution = resolution
        self._before: dict[str, Readings] = {}
        self._now: dict[str, Readings] = {}
        self._node_of: dict[PodKey, str] = {}

    def note(self, node: str, readings: Readings) -> None:
        """Take over a node's new readings."""
        self._before[node] = self._now.get(node, Readings())
        self._now[node] = readings
        self._reindex(node)

    def forget(self, node: str) -> None:
        """The node is gone, or does not answer: old numbers are no numbers."""
        self._before.pop(node, None)
        self._now.pop(node, None)
        self._reindex(node)

    def node(self, name: str) -> Usage | None:
        """What a node uses."""
        now, before = self._now.get(name), self._before.get(name)
        return usage(before.node if before else None, now.node) if now and now.node else None

    def pod(self, key: PodKey) -> dict[str, Usage]:
        """What each container of a pod uses; empty unless all of its containers are measured."""
        node = self._node_of.get(key)
        if node is None:
            return {}
        before, found = self._before[node].pods.get(key, {}), {}
        for container, now in self._now[node].pods[key].items():
            earlier = before.get(container)
            if earlier is None or now.started > earlier.at:
                earlier = beginning(now, self._resolution)
            used = usage(earlier, now)
            if used is None:
                return {}
            found[container] = used
        return found

    def _reindex(self, node: str) -> None:
        """Of all pods only those that the node has now."""
        kept = {key: where for key, where in self._node_of.items() if where != node}
        now = self._now.get(node)
        self._node_of = kept | dict.fromkeys(now.pods if now else (), node)
