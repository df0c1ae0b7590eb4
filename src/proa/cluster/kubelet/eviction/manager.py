"""Looks at the node now and then, and evicts one pod at a time while something is short."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence

from proa.cluster.kubelet.cri import CriError
from proa.cluster.kubelet.eviction.ranking import excess, has_disk_limit, is_critical, message, rank
from proa.cluster.kubelet.eviction.signals import Shortage, Watch, signals
from proa.cluster.kubelet.eviction.thresholds import DISK, MEMORY, EvictionConfig
from proa.cluster.kubelet.pods import grace_period
from proa.cluster.kubelet.resources import qos_class
from proa.cluster.kubelet.stats.collector import Collector
from proa.cluster.kubelet.stats.values import NodeUsage
from proa.kube import Object

_log = logging.getLogger(__name__)

_PERIOD = 10.0
_AT_ONCE = 1
"""Seconds that a pod gets to end when there is no time."""
_TOLERATED = {MEMORY: "node.kubernetes.io/memory-pressure"}
_FINAL = ("Succeeded", "Failed")


class EvictionManager:
    """Keeps memory and disk of the node from running out.

    `evict` is told a pod's uid, why, and the seconds it gets to end; `reclaim` deletes images.
    """

    def __init__(
        self,
        collector: Collector,
        pods: Callable[[], Sequence[Object]],
        evict: Callable[[str, str, int], None],
        reclaim: Callable[[], Awaitable[None]],
        config: EvictionConfig,
    ) -> None:
        self._collector = collector
        self._pods = pods
        self._evict = evict
        self._reclaim = reclaim
        self._longest_grace = config.max_pod_grace_period
        self._watch = Watch(config.thresholds(), config.pressure_transition_period)

    def conditions(self) -> frozenset[str]:
        """The pressure conditions of the node."""
        return self._watch.conditions(time.monotonic())

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
            await asyncio.sleep(min(_PERIOD, self._watch.due_in(time.monotonic()) or _PERIOD))

    async def look(self) -> None:
        """One look. Raises CriError, OSError."""
        node = await self._collector.collect_node()
        short = self._watch.note(signals(node), time.monotonic())
        if any(shortage.threshold.condition == DISK for shortage in short):
            if not node.split or any(s.threshold.signal.startswith("imagefs") for s in short):
                await self._reclaim()
            node = await self._collector.collect(_PERIOD)
            short = self._watch.note(signals(node), time.monotonic())
        elif short:
            node = await self._collector.collect()
        if short:
            self._evict_one(node, short[0])
        elif any(has_disk_limit(pod) for pod in self._alive()):
            self._evict_excess(await self._collector.collect(_PERIOD))

    def _evict_one(self, node: NodeUsage, short: Shortage) -> None:
        usages = {usage.name.uid: usage for usage in node.pods}
        for pod in rank(self._alive(), usages, short, split=node.split):
            uid = pod["metadata"]["uid"]
            if uid in usages and usages[uid].reading is not None:
                self._evict(uid, message(pod, usages[uid], short), self._grace(pod, short))
                return

    def _grace(self, pod: Object, short: Shortage) -> int:
        if short.threshold.is_hard:
            return _AT_ONCE
        own = grace_period(pod)
        return own if self._longest_grace < 0 else max(_AT_ONCE, min(own, self._longest_grace))

    def _evict_excess(self, node: NodeUsage) -> None:
        usages = {usage.name.uid: usage for usage in node.pods}
        for pod in self._alive():
            usage = usages.get(pod["metadata"]["uid"])
            why = excess(pod, usage) if usage else ""
            if why:
                self._evict(pod["metadata"]["uid"], why, _AT_ONCE)

    def _alive(self) -> list[Object]:
        return [
            pod
            for pod in self._pods()
            if (pod.get("status") or {}).get("phase") not in _FINAL
            and "deletionTimestamp" not in pod["metadata"]
        ]


def _tolerates(pod: Object, key: str) -> bool:
    return any(t.get("key") in (None, key) for t in pod["spec"].get("tolerations") or ())
