"""The condition DisruptionTarget: a pod is about to go for reasons that are not its own.

Jobs tell by it what a failed pod died of. A pod that was marked and yet is still there after two minutes, as
when its eviction was refused after all, is no longer a target (source: pkg/controller/disruption).
"""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from typing import Any

from proa.cluster.controllers.config import ControllersConfig
from proa.cluster.controllers.pods import is_finished
from proa.errors import Conflict, NotFound
from proa.kube import (
    PODS,
    Client,
    Controller,
    Manager,
    Object,
    PatchType,
    Result,
    Source,
    find_condition,
    is_deleting,
    parse_time,
    with_condition,
)

TARGET = "DisruptionTarget"
_BY_KUBELET = "TerminationByKubelet"
_PATIENCE = 120.0
"""Seconds after which a mark is stale."""


async def mark(client: Client, pod: Object, reason: str, message: str, **status: Any) -> None:
    """Say that the pod is about to be deleted, and other things of its status. Raises ApiError."""
    await _write(client, pod, True, reason, message, **status)


class StaleTargets:
    """Reconciles pods: takes back marks of those that stayed."""

    def __init__(self, manager: Manager) -> None:
        self._client = manager.client
        self.pods = manager.informer(PODS)

    async def reconcile(self, key: str) -> Result | None:
        """Take the mark back when it is stale, else come again when it will be."""
        pod = self.pods.get(key)
        left = time_left(pod, dt.datetime.now(dt.UTC)) if pod is not None else None
        if pod is None or left is None:
            return None
        if left > 0:
            return Result(left)
        with suppress(NotFound, Conflict):
            await _write(self._client, pod, False)
        return None


def time_left(pod: Object, now: dt.datetime) -> float | None:
    """Seconds until the pod's mark is stale; None for a pod without one, or one that is really going.

    The kubelet's own is never stale: it may take any time until the pod has ended.
    """
    marked = find_condition(pod, TARGET)
    if marked is None or marked["status"] != "True" or marked.get("reason") == _BY_KUBELET:
        return None
    if is_deleting(pod) or is_finished(pod):
        return None
    since = parse_time(marked["lastTransitionTime"])
    return max(0.0, _PATIENCE - (now - since).total_seconds())


async def _write(
    client: Client, pod: Object, on: bool, reason: str = "", message: str = "", **status: Any
) -> None:
    metadata = pod["metadata"]
    conditions = (pod.get("status") or {}).get("conditions") or []
    condition = with_condition(
        conditions, TARGET, on, reason, message, observedGeneration=metadata.get("generation")
    )[-1]
    cleared = {} if on else {"reason": None, "message": None}
    body = {"metadata": {"uid": metadata["uid"]}, "status": status | {"conditions": [condition | cleared]}}
    name, namespace = metadata["name"], metadata["namespace"]
    await client.patch(PODS, name, body, namespace, kind=PatchType.STRATEGIC, subresource="status")


def setup(manager: Manager, config: ControllersConfig) -> None:  # noqa: ARG001 - one shape for all controllers
    """Run with the manager."""
    reconciler = StaleTargets(manager)
    manager.add(Controller("stale-disruption", reconciler, sources=[Source(reconciler.pods)]))
