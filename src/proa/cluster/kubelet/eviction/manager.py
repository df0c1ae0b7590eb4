"""Looks at the node now and then, and evicts one pod at a time while something is short."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence

from proa.cluster.kubelet.cri import CriError
from proa.cluster.kubelet.eviction.ranking import excess, has_disk_limit, is_critical, message, rank
from proa.cluster.kubelet.eviction.signals import (
    DEFAULTS,
    DISK,
    MEMORY,
    Pressures,
    Shortage,
    shortages,
    signals,
)
from proa.cluster.kubelet.resources import qos_class
from proa.cluster.kubelet.stats.collector import Collector
from proa.cluster.kubelet.stats.values import NodeUsage
from proa.kube import Object

_log = logging.getLogger(__name__)

_PERIOD = 10.0
_TRANSITION = 300.0
"""Seconds for which a condition stays after its cause has gone (eviction-pressure-transition-period)."""
_TOLERATED = {MEMORY: "node.kubernetes.io/memory-pressure"}
_FINAL = ("Succeeded", "Failed")


class EvictionManager:
    """Keeps memory and disk of the node from running out.

    `evict` is told a pod's uid and why; `reclaim` frees disk without evicting anybody.
    """

    def __init__(
        self,
        collector: Collector,
        pods: Callable[[], Sequence[Object]],
        evict: Callable[[str, str], None],
        reclaim: Callable[[], Awaitable[None]],
    ) -> None:
        self._collector = collector
        self._pods = pods
        self._evict = evict
        self._reclaim = reclaim
        self._pressures = Pressures(_TRANSITION)

    def conditions(self) -> frozenset[str]:
        """The pressure conditions of the node."""
        return self._pressures.at(time.monotonic())

    def refusal(self, pod: Object) -> tuple[str, str] | None:
        """Reason and message when the node is too short of something to take a new pod."""
        present = self.conditions()
        if not present or is_critical(pod):
            return None
        if present == {MEMORY} and (qos_class(pod) != "BestEffort" or _tolerates(pod, _TOLERATED[MEMORY])):
            return None
        return "Evicted", f"The node had condition: [{' '.join(sorted(present))}]. "

    async def run(self) -> None:
        """Look, evict and wait until cancelled."""
        while True:
            try:
                await self.look()
            except (CriError, OSError) as fault:
                _log.warning("pressure not measured: %s", fault)
            await asyncio.sleep(_PERIOD)

    async def look(self) -> None:
        """One look. Raises CriError, OSError."""
        short = shortages(signals(await self._collector.collect_node()), DEFAULTS)
        self._pressures.note(short, time.monotonic())
        if any(shortage.threshold.condition == DISK for shortage in short):
            await self._reclaim()
            node = await self._collector.collect(_PERIOD)
            short = shortages(signals(node), DEFAULTS)
        elif short:
            node = await self._collector.collect()
        if short:
            self._evict_one(node, short[0])
        elif any(has_disk_limit(pod) for pod in self._alive()):
            self._evict_excess(await self._collector.collect(_PERIOD))

    def _evict_one(self, node: NodeUsage, short: Shortage) -> None:
        usages = {usage.name.uid: usage for usage in node.pods}
        for pod in rank(self._alive(), usages, short):
            uid = pod["metadata"]["uid"]
            if uid in usages and usages[uid].reading is not None:
                self._evict(uid, message(pod, usages[uid], short))
                return

    def _evict_excess(self, node: NodeUsage) -> None:
        usages = {usage.name.uid: usage for usage in node.pods}
        for pod in self._alive():
            usage = usages.get(pod["metadata"]["uid"])
            why = excess(pod, usage) if usage else ""
            if why:
                self._evict(pod["metadata"]["uid"], why)

    def _alive(self) -> list[Object]:
        return [
            pod
            for pod in self._pods()
            if (pod.get("status") or {}).get("phase") not in _FINAL
            and "deletionTimestamp" not in pod["metadata"]
        ]


def _tolerates(pod: Object, key: str) -> bool:
    return any(t.get("key") in (None, key) for t in pod["spec"].get("tolerations") or ())
