"""Pods that nobody else removes: those of nodes that are gone or off, and finished ones beyond a number."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from contextlib import suppress

from proa.cluster.controllers.config import ControllersConfig
from proa.cluster.controllers.disruption_target import mark
from proa.cluster.controllers.pods import BY_NODE, is_finished, node_names
from proa.errors import NotFound
from proa.kube import (
    NODES,
    PODS,
    Client,
    Controller,
    Manager,
    Object,
    Result,
    Source,
    condition_is_true,
    is_deleting,
    key_of,
)

_log = logging.getLogger(__name__)
_OUT_OF_SERVICE = "node.kubernetes.io/out-of-service"


class OrphanedPods:
    """Reconciles pods: one whose node does not exist is failed and removed, after a quarantine."""

    def __init__(self, manager: Manager, config: ControllersConfig) -> None:
        self._client = manager.client
        self._quarantine = config.orphaned_pod_quarantine
        self._suspected_since: dict[str, float] = {}
        self.nodes = manager.informer(NODES)
        self.pods = manager.informer(PODS)
        self.pods.add_index(BY_NODE, node_names)

    async def reconcile(self, key: str) -> Result | None:
        """Remove the pod if its node is gone for good."""
        pod = self.pods.get(key)
        if pod is not None and self._is_out_of_service(pod):
            _log.info("pod %s: node %s is out of service, removing it", key, pod["spec"]["nodeName"])
            await _end(self._client, pod)
            await _remove(self._client, pod)
            return None
        if pod is None or not self._is_orphan(pod):
            self._suspected_since.pop(key, None)
            return None
        if not pod["spec"].get("nodeName"):
            await _end(self._client, pod)
            await _remove(self._client, pod)
            return None
        now = asyncio.get_running_loop().time()
        left = self._suspected_since.setdefault(key, now) + self._quarantine - now
        if left > 0:
            return Result(left)
        if not await self._node_exists(pod["spec"]["nodeName"]):
            _log.info("pod %s: node %s is gone, removing it", key, pod["spec"]["nodeName"])
            await _fail(self._client, pod)
            await _remove(self._client, pod)
        return None

    def of_node(self, node: Object) -> Iterable[str]:
        """Keys of the pods on a node."""
        return [key_of(pod) for pod in self.pods.by_index(BY_NODE, node["metadata"]["name"])]

    def _is_orphan(self, pod: Object) -> bool:
        """Whether no kubelet can end the pod: its node is unknown, or it is deleted and never had one."""
        name = pod["spec"].get("nodeName")
        return self.nodes.get(name) is None if name else is_deleting(pod)

    def _is_out_of_service(self, pod: Object) -> bool:
        """Whether the pod is to end on a node that an administrator has declared to be off."""
        node = self.nodes.get(pod["spec"].get("nodeName") or "")
        if node is None or not is_deleting(pod) or condition_is_true(node, "Ready"):
            return False
        return any(taint["key"] == _OUT_OF_SERVICE for taint in node["spec"].get("taints") or ())

    async def _node_exists(self, name: str) -> bool:
        try:
            await self._client.get(NODES, name)
        except NotFound:
            return False
        return True


class TerminatedPods:
    """Keeps the number of finished pods within a bound; the oldest go first. One key stands for all."""

    KEY = "all"

    def __init__(self, manager: Manager, config: ControllersConfig) -> None:
        self._client = manager.client
        self._threshold = config.terminated_pod_gc_threshold
        self.pods = manager.informer(PODS)
        self._finished: set[str] = set()

    async def reconcile(self, key: str) -> None:  # noqa: ARG002 - there is only one
        """Remove what is too many."""
        excess = len(self._finished) - self._threshold
        if self._threshold <= 0 or excess <= 0:
            return
        pods = [pod for key in self._finished if (pod := self.pods.get(key)) is not None]
        pods.sort(key=lambda pod: (pod["metadata"].get("creationTimestamp") or "", pod["metadata"]["name"]))
        for pod in pods[:excess]:
            await _remove(self._client, pod)

    def keys(self, pod: Object) -> Iterable[str]:
        """Counts the pod in or out; the key only when the bound is passed."""
        key = key_of(pod)
        current = self.pods.get(key)
        if current is not None and is_finished(current):
            self._finished.add(key)
        else:
            self._finished.discard(key)
        return (self.KEY,) if len(self._finished) > self._threshold else ()


async def _fail(client: Client, pod: Object) -> None:
    if not is_finished(pod):
        await mark(client, pod, "DeletionByPodGC", "PodGC: node no longer exists", phase="Failed")


async def _end(client: Client, pod: Object) -> None:
    """Nobody can tell any more how it ended."""
    if is_finished(pod):
        return
    metadata = pod["metadata"]
    patch = {"metadata": {"uid": metadata["uid"]}, "status": {"phase": "Failed"}}
    with suppress(NotFound):
        await client.patch(PODS, metadata["name"], patch, metadata["namespace"], subresource="status")


async def _remove(client: Client, pod: Object) -> None:
    metadata = pod["metadata"]
    try:
        await client.delete(
            PODS, metadata["name"], metadata["namespace"], grace_period_seconds=0, uid=metadata["uid"]
        )
    except NotFound:
        return


def setup(manager: Manager, config: ControllersConfig) -> None:
    """Run with the manager."""
    orphaned = OrphanedPods(manager, config)
    sources = [Source(orphaned.pods), Source(orphaned.nodes, orphaned.of_node)]
    manager.add(Controller("orphaned-pods", orphaned, sources=sources))
    terminated = TerminatedPods(manager, config)
    manager.add(Controller("terminated-pods", terminated, sources=[Source(terminated.pods, terminated.keys)]))
