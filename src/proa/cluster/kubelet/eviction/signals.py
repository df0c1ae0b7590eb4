"""What is left of the node against the thresholds at which pods are evicted. Pure.

Source: kubelet's eviction signals and hard thresholds (pkg/kubelet/eviction/defaults_linux.go).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from proa.cluster.kubelet.stats.values import NodeUsage

_MI = 1 << 20
MEMORY, DISK, PROCESSES = "MemoryPressure", "DiskPressure", "PIDPressure"


@dataclass(frozen=True, slots=True)
class Threshold:
    """Below `amount`, or below `part` (0 to 1) of the whole, there is pressure."""

    signal: str
    condition: str
    resource: str
    """As the message to a person names it."""
    amount: int = 0
    part: float = 0.0

    def least(self, whole: int) -> int:
        """The least that must be available of `whole`."""
        return self.amount or int(self.part * whole)


DEFAULTS = (
    Threshold("memory.available", MEMORY, "memory", amount=100 * _MI),
    Threshold("nodefs.available", DISK, "ephemeral-storage", part=0.10),
    Threshold("nodefs.inodesFree", DISK, "inodes", part=0.05),
    Threshold("imagefs.available", DISK, "ephemeral-storage", part=0.15),
    Threshold("pid.available", PROCESSES, "pids", amount=1000),
)


@dataclass(frozen=True, slots=True)
class Shortage:
    """A threshold that is passed, and what is left."""

    threshold: Threshold
    least: int
    available: int


def signals(node: NodeUsage) -> dict[str, tuple[int, int]]:
    """(available, whole) by signal; a filesystem that does not count its inodes gives no such signal."""
    own, images = node.filesystem, node.image_filesystem
    found = {
        "memory.available": (max(0, node.memory - node.reading.usage.memory.working_set), node.memory),
        "nodefs.available": (own.available, own.capacity),
        "imagefs.available": (images.available, images.capacity),
        "pid.available": (node.most_processes - node.processes, node.most_processes),
    }
    if own.inodes:
        found["nodefs.inodesFree"] = (own.inodes_free, own.inodes)
    return found


def shortages(
    found: Mapping[str, tuple[int, int]], thresholds: Iterable[Threshold] = DEFAULTS
) -> list[Shortage]:
    """The thresholds that are passed, memory first."""
    known = [(t, *found[t.signal]) for t in thresholds if t.signal in found]
    return [Shortage(t, t.least(whole), left) for t, left, whole in known if left < t.least(whole)]


class Pressures:
    """Which conditions the node has; one stays for a while after its cause has gone."""

    def __init__(self, transition: float) -> None:
        self._transition = transition
        self._seen: dict[str, float] = {}

    def note(self, short: Iterable[Shortage], now: float) -> None:
        """What is short at `now`, in seconds on a clock."""
        self._seen |= {shortage.threshold.condition: now for shortage in short}

    def at(self, now: float) -> frozenset[str]:
        """The conditions that hold."""
        return frozenset(kind for kind, seen in self._seen.items() if now - seen < self._transition)
