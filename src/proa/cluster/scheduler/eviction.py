"""Carrying a preemption out: victims are told why they go, and are deleted; the pod says where it waits."""

from __future__ import annotations

import asyncio
import logging

from proa.cluster.scheduler.pod import PodInfo
from proa.cluster.scheduler.preemption import Preemption
from proa.errors import NotFound, ProaError
from proa.kube import (
    PODS,
    Client,
    EventRecorder,
    Object,
    PatchType,
    find_condition,
    is_deleting,
    with_condition,
)

_log = logging.getLogger(__name__)
_WHY = "default-scheduler: preempting to accommodate a higher priority pod"
_REASON = "PreemptionByScheduler"


def is_leaving(pod: Object) -> bool:
    """Whether the pod is being deleted to make room for another."""
    said = find_condition(pod, "DisruptionTarget") or {}
    return is_deleting(pod) and said.get("reason") == _REASON


class Evictor:
    """Makes room on nodes."""

    def __init__(self, client: Client, events: EventRecorder) -> None:
        self._client = client
        self._events = events

    async def carry_out(self, pod: PodInfo, preemption: Preemption) -> None:
        """Say where the pod will have room, and delete the victims. What fails comes again with the pod."""
        if preemption.node != (pod.object.get("status") or {}).get("nominatedNodeName", ""):
            await self._patch(pod, {"nominatedNodeName": preemption.node or None})
        await asyncio.gather(*(self._evict(victim, pod, preemption.node) for victim in preemption.victims))

    async def _evict(self, victim: PodInfo, pod: PodInfo, node: str) -> None:
        said = (victim.object.get("status") or {}).get("conditions") or []
        target = with_condition(said, "DisruptionTarget", True, _REASON, _WHY)[-1]
        try:
            await self._patch(victim, {"conditions": [target]})
            await self._client.delete(PODS, victim.object["metadata"]["name"], victim.namespace)
        except NotFound:
            return
        except (ProaError, OSError) as fault:
            _log.warning("scheduler: %s: not preempted: %s", victim.key, fault)
            return
        message = f"Preempted by pod {pod.uid} on node {node}"
        await self._events.event(victim.object, "Normal", "Preempted", message)

    async def _patch(self, pod: PodInfo, status: dict[str, object]) -> None:
        patch = {"metadata": {"uid": pod.uid}, "status": status}
        try:
            await self._client.patch(
                PODS,
                pod.object["metadata"]["name"],
                patch,
                pod.namespace,
                kind=PatchType.STRATEGIC,
                subresource="status",
            )
        except NotFound:
            pass  # it went by itself
        except (ProaError, OSError) as fault:
            _log.warning("scheduler: %s: status not written: %s", pod.key, fault)
