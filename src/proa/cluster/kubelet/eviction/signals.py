"""What is left of the node against the thresholds at which pods are evicted. Pure.

Source: kubelet's eviction manager (pkg/kubelet/eviction/eviction_manager.go).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from proa.cluster.kubelet.eviction.thresholds import Threshold
from proa.cluster.kubelet.machine import RESERVED_MEMORY
from proa.cluster.kubelet.stats.values import NodeUsage


@dataclass(frozen=True, slots=True)
class Shortage:
    """A threshold that is passed, and what is left."""

    threshold: Threshold
    least: int
    available: int


def signals(node: NodeUsage) -> dict[str, tuple[int, int]]:
    """(available, whole) by signal; a filesystem that does not count its inodes gives no such signal."""
    own, images = node.filesystem, node.image_filesystem
    for_pods = max(0, node.memory - RESERVED_MEMORY)
    found = {
        "memory.available": (max(0, node.memory - node.reading.usage.memory.working_set), node.memory),
        "allocatableMemory.available": (max(0, for_pods - node.pods_memory), for_pods),
        "nodefs.available": (own.available, own.capacity),
        "imagefs.available": (images.available, images.capacity),
        "pid.available": (node.most_processes - node.processes, node.most_processes),
    }
    for name, filesystem in (("nodefs", own), ("imagefs", images)):
        if filesystem.inodes:
            found[f"{name}.inodesFree"] = (filesystem.inodes_free, filesystem.inodes)
    return found


def shortages(
    found: Mapping[str, tuple[int, int]],
    thresholds: Iterable[Threshold],
    unresolved: Iterable[Threshold] = (),
) -> list[Shortage]:
    """The thresholds that are passed, in their order.

    Of those that were passed before, `unresolved`, more must be free than the threshold says.
    """
    short, before = [], set(unresolved)
    for threshold in thresholds:
        if threshold.signal in found:
            left, whole = found[threshold.signal]
            least = threshold.amount.of(whole)
            if left < least + (threshold.reclaim.of(whole) if threshold in before else 0):
                short.append(Shortage(threshold, least, left))
    return short


class Watch:
    """Since when thresholds are passed, and which conditions the node has.

    A condition stays for `transition` seconds after its cause has gone. Times are seconds on a clock.
    """

    def __init__(self, thresholds: Iterable[Threshold], transition: float) -> None:
        self._thresholds = tuple(thresholds)
        self._transition = transition
        self._since: dict[Threshold, float] = {}
        self._seen: dict[str, float] = {}

    def note(self, found: Mapping[str, tuple[int, int]], now: float) -> list[Shortage]:
        """What is short; of soft thresholds those that have lasted long enough for an eviction."""
        short = shortages(found, self._thresholds, self._since)
        self._since = {s.threshold: self._since.get(s.threshold, now) for s in short}
        self._seen |= {s.threshold.condition: now for s in short}
        return [s for s in short if now - self._since[s.threshold] >= (s.threshold.grace or 0)]

    def conditions(self, now: float) -> frozenset[str]:
        """The conditions that hold."""
        return frozenset(kind for kind, seen in self._seen.items() if now - seen < self._transition)

    def due_in(self, now: float) -> float | None:
        """Seconds until a soft threshold that is passed has lasted long enough; None for never."""
        waits = (since + (t.grace or 0) - now for t, since in self._since.items())
        return min((wait for wait in waits if wait > 0), default=None)
