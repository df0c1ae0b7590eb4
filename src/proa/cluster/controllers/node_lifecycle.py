"""Nodes that fall silent: Ready becomes Unknown, taints follow the conditions, pods count as not ready.

A silent node is lost, unless its kernel answers: then a kubelet starts again there, as at an upgrade, and
its pods go on. It is lost too when it stays silent for ten times as long. Pods leave a lost node as fast as
its zone permits.
Source: kubernetes.io/docs/concepts/architecture/nodes, node heartbeats and node controller.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Iterable, Mapping

from proa.cluster.controllers.config import ControllersConfig
from proa.cluster.controllers.heartbeats import Heartbeats
from proa.cluster.controllers.node_taints import Evict, is_emptied, wanted_taints
from proa.cluster.controllers.pods import BY_NODE, node_names
from proa.cluster.controllers.reachability import answers
from proa.cluster.controllers.zone_disruption import Disruption, EvictionPace, Zones, zone_of
from proa.errors import NotFound
from proa.kube import (
    LEASES,
    NODES,
    PODS,
    Client,
    Controller,
    EventRecorder,
    Manager,
    Object,
    PatchType,
    Result,
    Source,
    condition_is_true,
    find_condition,
    now,
)

_log = logging.getLogger(__name__)

_LEASE_NAMESPACE = "kube-node-lease"
_OVERSLEPT = 1.0
"""Seconds by which a look at a node may be late; beyond that it was us who stood still, not the node."""
_PATIENCE, _ASK_AGAIN = 10, 0.5
"""How many times the grace a node may be silent that answers, and seconds between two questions."""
_TELLING = 1.5
"""Seconds before the pods of a node that is not ready begin to leave: nodes that fall silent for one reason
do so within the second in which each of them speaks."""
_REPORTED = ("Ready", "MemoryPressure", "DiskPressure", "PIDPressure")


class NodeLifecycle:
    """Reconciles nodes, each again when its silence would become too long."""

    def __init__(self, manager: Manager, config: ControllersConfig) -> None:
        self._client = manager.client
        self._grace = config.node_monitor_grace_period
        self._events = EventRecorder(manager.client, "node-controller")
        self._heartbeats = Heartbeats(_time)
        self._due: dict[str, float] = {}
        self._rates = config.eviction_rates
        self._pace = EvictionPace()
        self._not_ready_since: dict[str, float] = {}
        self._states: Mapping[str, Disruption] = {}
        self.nodes = manager.informer(NODES)
        self.leases = manager.informer(LEASES, _LEASE_NAMESPACE)
        self.pods = manager.informer(PODS)
        self.pods.add_index(BY_NODE, node_names)

    async def reconcile(self, key: str) -> Result | None:
        """Judge the node by its silence, then make its taints and its pods follow."""
        node = self.nodes.get(key)
        if node is None:
            self._heartbeats.forget(key)
            self._due.pop(key, None)
            self._not_ready_since.pop(key, None)
            return None
        if _time() - self._due.get(key, _time()) > _OVERSLEPT:
            self._heartbeats.forget(key)  # what it said meanwhile is still to be read
        silence = self._heartbeats.silence(key, node, self.leases.get(f"{_LEASE_NAMESPACE}/{key}"))
        lost = await self._is_lost(node, silence)
        if lost:
            node = await self._lost(node)
        evict, wait = self._eviction(node)
        await self._set_taints(node, evict)
        if not condition_is_true(node, "Ready"):
            await self._mark_pods(node)
        if lost:
            self._due.pop(key, None)
            return Result(wait) if math.isfinite(wait) else None
        left = self._grace - silence if silence < self._grace else _ASK_AGAIN
        self._due[key] = _time() + left
        return Result(min(left + 0.01, wait))

    def keys(self, node: Object) -> Iterable[str]:
        """The node, and all that are not ready when the state of a zone has changed."""
        before, self._states = self._states, Zones(self.nodes.list(), self._rates).states
        if before != self._states:
            for other in self.nodes.list():
                if not condition_is_true(other, "Ready"):
                    yield other["metadata"]["name"]
        yield node["metadata"]["name"]

    def _eviction(self, node: Object) -> tuple[Evict, float]:
        """Whether pods leave the node, and after how many seconds to ask again; infinite for a change."""
        if condition_is_true(node, "Ready"):
            self._not_ready_since.pop(node["metadata"]["name"], None)
            return Evict.STOP, math.inf
        name = node["metadata"]["name"]
        others = (other for other in self.nodes.list() if other["metadata"]["name"] != name)
        zones, zone = Zones([node, *others], self._rates), zone_of(node)
        if zones.is_all_lost:
            return Evict.STOP, math.inf
        if is_emptied(node):
            return Evict.GO_ON, math.inf
        since = self._not_ready_since.setdefault(name, _time())
        if (left := since + _TELLING - _time()) > 0:
            return Evict.GO_ON, left
        wait = self._pace.take(zone, zones.rate(zone), _time())
        return (Evict.GO_ON, wait) if wait else (Evict.BEGIN, math.inf)

    async def _is_lost(self, node: Object, silence: float) -> bool:
        if silence < self._grace:
            return False
        return silence >= _PATIENCE * self._grace or not await answers(node)

    async def _lost(self, node: Object) -> Object:
        """All that the kubelet reports becomes Unknown."""
        if (find_condition(node, "Ready") or {}).get("status") == "Unknown":
            return node
        name = node["metadata"]["name"]
        _log.warning("node %s: silent for %.0f s, Ready is now Unknown", name, self._grace)
        patch = {"status": {"conditions": [_unknown(node, kind) for kind in _REPORTED]}}
        changed = await self._client.patch(NODES, name, patch, kind=PatchType.STRATEGIC, subresource="status")
        await self._events.event(node, "Normal", "NodeNotReady", f"Node {name} status is now: NodeNotReady")
        return changed

    async def _set_taints(self, node: Object, evict: Evict) -> None:
        wanted = wanted_taints(node, evict)
        if wanted == list(node["spec"].get("taints") or ()):
            return
        patch = {
            "metadata": {"resourceVersion": node["metadata"]["resourceVersion"]},
            "spec": {"taints": wanted or None},
        }
        await self._client.patch(NODES, node["metadata"]["name"], patch)

    async def _mark_pods(self, node: Object) -> None:
        """No traffic for pods that nobody watches over."""
        for pod in self.pods.by_index(BY_NODE, node["metadata"]["name"]):
            if condition_is_true(pod, "Ready") and await _mark_not_ready(self._client, pod):
                await self._events.event(pod, "Warning", "NodeNotReady", "Node is not ready")


def _time() -> float:
    return asyncio.get_running_loop().time()


async def _mark_not_ready(client: Client, pod: Object) -> bool:
    """Whether the pod was there to be marked."""
    condition = {"type": "Ready", "status": "False", "lastTransitionTime": now()}
    metadata = pod["metadata"]
    patch = {"metadata": {"uid": metadata["uid"]}, "status": {"conditions": [condition]}}
    try:
        await client.patch(
            PODS,
            metadata["name"],
            patch,
            metadata["namespace"],
            kind=PatchType.STRATEGIC,
            subresource="status",
        )
    except NotFound:
        return False
    return True


def _unknown(node: Object, kind: str) -> Object:
    known = find_condition(node, kind) or {}
    never = not known.get("lastHeartbeatTime")
    return known | {
        "type": kind,
        "status": "Unknown",
        "reason": "NodeStatusNeverUpdated" if never else "NodeStatusUnknown",
        "message": f"Kubelet {'never posted' if never else 'stopped posting'} node status.",
        "lastTransitionTime": now(),
    }


def setup(manager: Manager, config: ControllersConfig) -> None:
    """Run with the manager."""
    reconciler = NodeLifecycle(manager, config)
    sources = [
        Source(reconciler.nodes, reconciler.keys),
        Source(reconciler.leases, lambda lease: (lease["metadata"]["name"],)),
    ]
    manager.add(Controller("node-lifecycle", reconciler, sources=sources))
