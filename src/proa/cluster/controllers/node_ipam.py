"""Gives every node its ranges of pod addresses, one a family: spec.podCIDR and spec.podCIDRs.

Source: kubernetes pkg/controller/nodeipam, the range allocator.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_network

from proa.cluster.controllers.config import ControllersConfig
from proa.cluster.controllers.pod_cidrs import CidrRangeFullError, PodCidrs
from proa.kube import NODES, Controller, EventRecorder, Manager, Object, Result, Source

_TRY_AGAIN = 30.0


class NodeIpam:
    """Reconciles nodes, one at a time; the ranges in use are read before the first is given."""

    def __init__(self, manager: Manager, config: ControllersConfig) -> None:
        self._client = manager.client
        self.nodes = manager.informer(NODES)
        self._families = {
            version: PodCidrs(cidr, config.node_cidr_mask_sizes[version])
            for cidr in config.cluster_cidrs
            for version in [ip_network(cidr).version]
        }
        self._events = EventRecorder(manager.client, "cidrAllocator")
        self._read = False

    async def reconcile(self, key: str) -> Result | None:
        """Give the node its ranges, or take them back from one that is gone."""
        self._read_all()
        node = self.nodes.get(key)
        if node is None:
            self._release(key)
            return None
        if _held(node):
            self._occupy(node)
            return None
        try:
            cidrs = [family.allocate(key) for family in self._families.values()]
        except CidrRangeFullError as fault:
            self._release(key)
            await self._events.event(
                node, "Warning", "CIDRNotAvailable", f"no range of pod addresses: {fault}"
            )
            return Result(_TRY_AGAIN)
        version = node["metadata"]["resourceVersion"]
        patch = {"metadata": {"resourceVersion": version}, "spec": {"podCIDR": cidrs[0], "podCIDRs": cidrs}}
        await self._client.patch(NODES, key, patch)
        return None

    def _release(self, name: str) -> None:
        for family in self._families.values():
            family.release(name)

    def _occupy(self, node: Object) -> None:
        """Its ranges are in use; those of a family that the cluster has not are nobody's."""
        for cidr in _held(node):
            if family := self._families.get(ip_network(cidr, strict=False).version):
                family.occupy(node["metadata"]["name"], cidr)

    def _read_all(self) -> None:
        if self._read:
            return
        self._read = True
        for node in self.nodes.list():
            self._occupy(node)


def _held(node: Object) -> Sequence[str]:
    spec = node["spec"]
    return spec.get("podCIDRs") or [cidr for cidr in (spec.get("podCIDR"),) if cidr]


def setup(manager: Manager, config: ControllersConfig) -> None:
    """Run with the manager."""
    reconciler = NodeIpam(manager, config)
    manager.add(Controller("node-ipam", reconciler, sources=[Source(reconciler.nodes)]))
