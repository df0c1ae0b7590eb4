"""Gives every node its range of pod addresses: spec.podCIDR and spec.podCIDRs."""

from __future__ import annotations

from proa.cluster.controllers.config import ControllersConfig
from proa.cluster.controllers.pod_cidrs import CidrRangeFullError, PodCidrs
from proa.kube import NODES, Controller, EventRecorder, Manager, Result, Source

_TRY_AGAIN = 30.0


class NodeIpam:
    """Reconciles nodes, one at a time; the ranges in use are read before the first is given."""

    def __init__(self, manager: Manager, config: ControllersConfig) -> None:
        self._client = manager.client
        self.nodes = manager.informer(NODES)
        self._cidrs = PodCidrs(config.cluster_cidr, config.node_cidr_mask_size)
        self._events = EventRecorder(manager.client, "cidrAllocator")
        self._read = False

    async def reconcile(self, key: str) -> Result | None:
        """Give the node a range, or take it back from one that is gone."""
        self._read_all()
        node = self.nodes.get(key)
        if node is None:
            self._cidrs.release(key)
            return None
        if held := node["spec"].get("podCIDR"):
            self._cidrs.occupy(key, held)
            return None
        try:
            cidr = self._cidrs.allocate(key)
        except CidrRangeFullError as fault:
            await self._events.event(
                node, "Warning", "CIDRNotAvailable", f"no range of pod addresses: {fault}"
            )
            return Result(_TRY_AGAIN)
        version = node["metadata"]["resourceVersion"]
        patch = {"metadata": {"resourceVersion": version}, "spec": {"podCIDR": cidr, "podCIDRs": [cidr]}}
        await self._client.patch(NODES, key, patch)
        return None

    def _read_all(self) -> None:
        if self._read:
            return
        self._read = True
        for node in self.nodes.list():
            if held := node["spec"].get("podCIDR"):
                self._cidrs.occupy(node["metadata"]["name"], held)


def setup(manager: Manager, config: ControllersConfig) -> None:
    """Run with the manager."""
    reconciler = NodeIpam(manager, config)
    manager.add(Controller("node-ipam", reconciler, sources=[Source(reconciler.nodes)]))
