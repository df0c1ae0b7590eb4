"""The node that the server runs on is labelled so: a node may not say it of itself (NodeRestriction)."""

from __future__ import annotations

from proa.cluster.controllers.config import ControllersConfig
from proa.kube import NODES, Controller, Manager, Object, Source

LABEL = "node-role.kubernetes.io/control-plane"


class ControlPlaneLabeler:
    """Reconciles nodes."""

    def __init__(self, manager: Manager, address: str) -> None:
        self._client = manager.client
        self._address = address
        self.nodes = manager.informer(NODES)

    async def reconcile(self, key: str) -> None:
        """Label the node that has the server's address, unless it is labelled already."""
        node = self.nodes.get(key)
        if node is None or LABEL in node["metadata"].get("labels", {}) or not self._is_ours(node):
            return
        await self._client.patch(NODES, key, {"metadata": {"labels": {LABEL: "true"}}})

    def _is_ours(self, node: Object) -> bool:
        addresses = node.get("status", {}).get("addresses") or ()
        return any(a["type"] == "InternalIP" and a["address"] == self._address for a in addresses)


def setup(manager: Manager, config: ControllersConfig) -> None:
    """Run with the manager, when the server's address is known."""
    if config.advertise_address:
        reconciler = ControlPlaneLabeler(manager, config.advertise_address)
        manager.add(Controller("control-plane-labeler", reconciler, sources=[Source(reconciler.nodes)]))
