"""Reports statuses to the API behind the workers' backs, the latest one only, and only when it changed."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import aiohttp

from proa.cluster.kubelet.conditions import BY_KUBELET
from proa.cluster.kubelet.resize.conditions import IN_PROGRESS, PENDING
from proa.errors import ApiError, Conflict, NotFound
from proa.kube import PODS, Client, Object, PatchType

_log = logging.getLogger(__name__)

_OWN_CONDITIONS = frozenset(
    {
        "PodReadyToStartContainers",
        "Initialized",
        "ContainersReady",
        "Ready",
        "PodScheduled",
        PENDING,
        IN_PROGRESS,
    }
)
_MERGED_LISTS = ("podIPs", "hostIPs")
_FIRST_DELAY, _LONGEST_DELAY = 0.2, 10.0
_PATIENCE = 0.3
"""Seconds that a status waits for a better one while the pod is about to change."""
_CONCURRENCY = 4
"""Patches in flight of all pods: enough to be quick, few enough to keep to the same connections."""


@dataclass
class _Slot:
    pod: Object
    wanted: Object
    urgent: asyncio.Event
    written: Object | None = None
    task: asyncio.Task[None] | None = None

    @property
    def before(self) -> Object:
        """The status that the API has, as far as we know."""
        return self.written or self.pod.get("status") or {}


class StatusWriter:
    """One patch in flight a pod; what comes meanwhile replaces what waits."""

    def __init__(self, client: Client, in_api: Callable[[Object], Object | None]) -> None:
        self._client = client
        self._in_api = in_api
        self._slots: dict[str, _Slot] = {}
        self._turns = asyncio.Semaphore(_CONCURRENCY)

    def put(self, pod: Object, status: Object, *, urgent: bool = True) -> None:
        """Have `status` become the pod's status. Returns at once.

        One that is not urgent is written only if no other comes soon. A pod that the API does not
        show (yet) is left out.
        """
        shown = self._in_api(pod)
        if shown is None:
            return
        pod = shown
        uid = pod["metadata"]["uid"]
        slot = self._slots.setdefault(uid, _Slot(pod, status, asyncio.Event()))
        slot.pod, slot.wanted = pod, status
        if urgent:
            slot.urgent.set()
        if slot.task is None or slot.task.done():
            slot.task = asyncio.create_task(self._write(slot))

    async def flush(self, uid: str) -> None:
        """Until the latest status of the pod is written, or the pod is gone."""
        slot = self._slots.get(uid)
        if slot is not None and slot.task is not None:
            slot.urgent.set()
            await slot.task

    def forget(self, uid: str) -> None:
        """The pod is gone."""
        slot = self._slots.pop(uid, None)
        if slot is not None and slot.task is not None:
            slot.task.cancel()

    async def _write(self, slot: _Slot) -> None:
        delay = _FIRST_DELAY
        while not is_same(slot.before, slot.wanted):
            await _wait(slot.urgent, _PATIENCE)
            slot.urgent.clear()
            wanted = slot.wanted
            try:
                await self._patch(slot.pod, status_patch(slot.before, wanted))
            except (NotFound, Conflict):
                return  # gone, or another pod has the name now
            except (ApiError, aiohttp.ClientError, OSError, TimeoutError) as fault:
                _log.warning("status of %s not written: %s", slot.pod["metadata"]["name"], fault)
                await asyncio.sleep(delay)
                delay = min(2 * delay, _LONGEST_DELAY)
            else:
                slot.written = wanted

    async def _patch(self, pod: Object, status: Object) -> None:
        metadata = pod["metadata"]
        async with self._turns:
            await self._client.patch(
                PODS,
                metadata["name"],
                {"metadata": {"uid": metadata["uid"]}, "status": status},
                metadata["namespace"],
                kind=PatchType.STRATEGIC,
                subresource="status",
            )


async def _wait(event: asyncio.Event, limit: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(limit):
            await event.wait()


def _is_own(condition: Object) -> bool:
    return condition["type"] in _OWN_CONDITIONS or condition.get("reason") == BY_KUBELET


def is_same(before: Object, wanted: Object) -> bool:
    """Whether the kubelet's part of two statuses agrees."""
    return _essence(before) == _essence(wanted)


def _essence(status: Object) -> dict[str, Any]:
    kept = {key: value for key, value in status.items() if value not in (None, [], "")}
    own = (c for c in status.get("conditions") or () if _is_own(c))
    kept["conditions"] = {c["type"]: {k: v for k, v in c.items() if v is not None} for c in own}
    return kept


def status_patch(before: Object, wanted: Object) -> Object:
    """A strategic merge patch that leads from one status to the other and leaves others' conditions."""
    patch: dict[str, Any] = {key: value for key, value in wanted.items() if before.get(key) != value}
    patch |= {key: None for key in before if key not in wanted and key != "conditions"}
    if "conditions" in patch:
        own = [c for c in wanted["conditions"] if _is_own(c)]
        gone = {c["type"] for c in before.get("conditions") or () if _is_own(c)} - {c["type"] for c in own}
        patch["conditions"] = [*own, *({"$patch": "delete", "type": kind} for kind in sorted(gone))]
    for key in _MERGED_LISTS:
        if patch.get(key):
            patch[key] = [{"$patch": "replace"}, *patch[key]]
    return patch
