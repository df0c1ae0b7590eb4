"""How much of a zone is lost, and how fast pods leave its nodes then: pure.

One node that falls silent is broken, and its pods go. When many do at once, it is rather the network, or this
server: pods then leave slowly, or not at all, and least of all when no node speaks any more.
Source: kubernetes.io/docs/concepts/architecture/nodes, rate limits on eviction; kube-controller-manager.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from proa.kube import Object, condition_is_true, labels_of

_REGION, _ZONE = "topology.kubernetes.io/region", "topology.kubernetes.io/zone"
_FEW = 2
"""So many lost nodes are never a partial disruption."""


class Disruption(Enum):
    """The state of a zone."""

    NONE = "most nodes are ready"
    PARTIAL = "many nodes are not ready"
    FULL = "no node is ready"


@dataclass(frozen=True)
class EvictionRates:
    """Nodes a second whose pods may begin to leave, in a zone."""

    usual: float = 0.1
    secondary: float = 0.01
    """In a zone that is partially disrupted, and large; in a small one none."""
    unhealthy_zone_threshold: float = 0.55
    """The part of a zone's nodes that must be lost for a partial disruption."""
    large_cluster_size_threshold: int = 50
    """Up to so many nodes a zone is small."""


class Zones:
    """The zones of all nodes as they are now."""

    def __init__(self, nodes: Iterable[Object], rates: EvictionRates) -> None:
        self._rates = rates
        self._all: Counter[str] = Counter()
        self._ready: Counter[str] = Counter()
        for node in nodes:
            self._all[zone_of(node)] += 1
            self._ready[zone_of(node)] += condition_is_true(node, "Ready")

    @property
    def states(self) -> Mapping[str, Disruption]:
        """Of each zone."""
        return {zone: self._state(zone) for zone in self._all}

    @property
    def is_all_lost(self) -> bool:
        """Whether no node of any zone is ready."""
        return bool(self._all) and not self._ready.total()

    def rate(self, zone: str) -> float:
        """Nodes a second that may be emptied in a zone."""
        if self.is_all_lost:
            return 0.0
        if self._state(zone) is not Disruption.PARTIAL:
            return self._rates.usual
        return self._rates.secondary if self._all[zone] > self._rates.large_cluster_size_threshold else 0.0

    def _state(self, zone: str) -> Disruption:
        total, ready = self._all[zone], self._ready[zone]
        if not ready:
            return Disruption.FULL
        lost = total - ready
        if lost > _FEW and lost / total >= self._rates.unhealthy_zone_threshold:
            return Disruption.PARTIAL
        return Disruption.NONE


class EvictionPace:
    """When the next node of each zone may be emptied: the first at once, the others at the zone's rate."""

    def __init__(self) -> None:
        self._free_at: dict[str, float] = {}

    def take(self, zone: str, rate: float, now: float) -> float:
        """0 when a node may be emptied now, which counts; else the seconds to wait, infinite at rate 0."""
        if rate <= 0:
            return math.inf
        wait = self._free_at.get(zone, now) - now
        if wait > 0:
            return min(wait, 1 / rate)
        self._free_at[zone] = now + 1 / rate
        return 0.0


def zone_of(node: Object) -> str:
    """The node's region and zone as one text."""
    labels = labels_of(node)
    return f"{labels.get(_REGION, '')}/{labels.get(_ZONE, '')}"
