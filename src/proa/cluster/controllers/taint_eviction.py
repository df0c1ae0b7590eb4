"""Pods leave nodes whose NoExecute taints they do not tolerate, or no longer tolerate.

The time runs from when the taint was added, which the taint itself says: a restart forgets nothing.
"""

from __future__ import annotations

import datetime as dt
import logging
import math
from collections.abc import Iterable
from contextlib import suppress

from proa.cluster.controllers.config import ControllersConfig
from proa.cluster.controllers.disruption_target import mark
from proa.cluster.controllers.pods import BY_NODE, is_finished, node_names
from proa.cluster.tolerations import Taint, tolerates
from proa.errors import NotFound
from proa.kube import (
    NODES,
    PODS,
    Controller,
    EventRecorder,
    Manager,
    Object,
    Result,
    Source,
    is_deleting,
    key_of,
    parse_time,
)

_log = logging.getLogger(__name__)

_WHY = "Taint manager: deleting due to NoExecute taint"


class TaintEviction:
    """Reconciles pods."""

    def __init__(self, manager: Manager) -> None:
        self._client = manager.client
        self._events = EventRecorder(manager.client, "taint-eviction-controller")
        self._leaving: set[str] = set()
        """Keys of the pods whose time runs."""
        self.nodes = manager.informer(NODES)
        self.pods = manager.informer(PODS)
        self.pods.add_index(BY_NODE, node_names)

    async def reconcile(self, key: str) -> Result | None:
        """Delete the pod if its time is over, else come again when it will be."""
        pod = self.pods.get(key)
        node = self.nodes.get(pod["spec"].get("nodeName") or "") if pod is not None else None
        if pod is None or node is None or is_deleting(pod) or is_finished(pod):
            self._leaving.discard(key)
            return None
        left = time_left(pod, node, dt.datetime.now(dt.UTC))
        if left is None:
            await self._may_stay(key, pod)
            return None
        self._leaving.add(key)
        if left > 0:
            return Result(left)
        _log.info("pod %s: evicted from %s for its taints", key, node["metadata"]["name"])
        await self._events.event(pod, "Normal", "TaintManagerEviction", f"Marking for deletion Pod {key}")
        metadata = pod["metadata"]
        with suppress(NotFound):
            await mark(self._client, pod, "DeletionByTaintManager", _WHY)
            await self._client.delete(PODS, metadata["name"], metadata["namespace"], uid=metadata["uid"])
        return None

    async def _may_stay(self, key: str, pod: Object) -> None:
        if key in self._leaving:
            self._leaving.discard(key)
            message = f"Cancelling deletion of Pod {key}"
            await self._events.event(pod, "Normal", "TaintManagerEviction", message)

    def on_node(self, node: Object) -> Iterable[str]:
        """Keys of the pods on a node."""
        return [key_of(pod) for pod in self.pods.by_index(BY_NODE, node["metadata"]["name"])]


def time_left(pod: Object, node: Object, now: dt.datetime) -> float | None:
    """Seconds until the pod must go; None when it may stay."""
    taints = [taint for taint in node["spec"].get("taints") or () if taint["effect"] == "NoExecute"]
    left = min((_patience(pod, taint) - _age(taint, now) for taint in taints), default=math.inf)
    return None if math.isinf(left) else max(left, 0.0)


def _patience(pod: Object, taint: Taint) -> float:
    """How long the pod bears the taint: the shortest of the tolerations that match."""
    matching = [t for t in pod["spec"].get("tolerations") or () if tolerates(t, taint)]
    if not matching:
        return 0.0
    return min(math.inf if (s := t.get("tolerationSeconds")) is None else float(s) for t in matching)


def _age(taint: Taint, now: dt.datetime) -> float:
    added = taint.get("timeAdded")
    return (now - parse_time(added)).total_seconds() if added else 0.0


def setup(manager: Manager, config: ControllersConfig) -> None:  # noqa: ARG001 - one shape for all controllers
    """Run with the manager."""
    reconciler = TaintEviction(manager)
    sources = [Source(reconciler.pods), Source(reconciler.nodes, reconciler.on_node)]
    manager.add(Controller("taint-eviction", reconciler, sources=sources))
