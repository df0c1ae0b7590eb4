"""Nodes as Kubernetes knows them: ranges from spec.podCIDRs, the rest from flannel's annotations.

The annotations are flannel's own (flannel.alpha.coreos.com/...), so nodes that run flannel and nodes
that run proa understand each other. Source: flannel, Kubernetes subnet manager.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from ipaddress import ip_address, ip_network
from typing import Any

from proa.kernel.routes import IPAddress, Network
from proa.kube import NODES, Client, Informer, Object
from proa.network.backends.base import Backend, LocalNode, Peer

PREFIX = "flannel.alpha.coreos.com/"


class Nodes:
    """The own node and its peers, followed in Kubernetes."""

    def __init__(self, client: Client, name: str, changed: Callable[[], None]) -> None:
        self._client = client
        self._name = name
        self._changed = changed
        self._informer = Informer(client, NODES)
        self._informer.on_change(self._on_change)

    async def run(self) -> None:
        """Follows until cancelled."""
        await self._informer.run()

    async def wait_synced(self) -> None:
        await self._informer.wait_synced()

    def subnets(self) -> tuple[Network, ...]:
        """The ranges of this node, empty until a controller has assigned them."""
        own = self._informer.get(self._name)
        return subnets_of(own) if own else ()

    def peers(self) -> list[Peer]:
        """The other nodes that take part in the pod network."""
        nodes = (node for node in self._informer.list() if node["metadata"]["name"] != self._name)
        return peers_of(nodes)

    async def publish(self, backend: Backend, local: LocalNode) -> bool:
        """Writes what peers must know to this node's annotations; True when they were not there."""
        own = self._informer.get(self._name)
        wanted = published(backend, local)
        held = (own or {}).get("metadata", {}).get("annotations", {})
        if own is None or wanted.items() <= held.items():
            return False
        await self._client.patch(NODES, self._name, {"metadata": {"annotations": wanted}})
        return True

    def _on_change(self, old: Object | None, new: Object | None) -> None:
        if _relevant(old) != _relevant(new):
            self._changed()


def subnets_of(node: Object) -> tuple[Network, ...]:
    """A node's ranges; empty when none are assigned."""
    spec = node.get("spec", {})
    return tuple(ip_network(cidr) for cidr in spec.get("podCIDRs") or filter(None, [spec.get("podCIDR")]))


def published(backend: Backend, local: LocalNode) -> dict[str, str]:
    """What a node publishes of itself."""
    return {
        f"{PREFIX}kube-subnet-manager": "true",
        f"{PREFIX}backend-type": backend.name,
        f"{PREFIX}backend-data": json.dumps(backend.data(local) or None, separators=(",", ":")),
        f"{PREFIX}public-ip": str(local.underlay.interface.ip),
    }


def peer_of(node: Object) -> Peer | None:
    """A node as a peer; None while it has no range or has not published itself."""
    told = node["metadata"].get("annotations") or {}
    address = _address(node, told)
    subnets = subnets_of(node)
    backend = told.get(f"{PREFIX}backend-type", "")
    if not (address and subnets and backend):
        return None
    return Peer(node["metadata"]["name"], address, subnets, backend, _data(told))


def peers_of(nodes: Iterable[Object]) -> list[Peer]:
    """The peers among nodes, in the order of their names."""
    found = (peer for node in nodes if (peer := peer_of(node)))
    return sorted(found, key=lambda peer: peer.name)


def _address(node: Object, told: dict[str, str]) -> IPAddress | None:
    internal = (
        item["address"]
        for item in node.get("status", {}).get("addresses", ())
        if item["type"] == "InternalIP" and ":" not in item["address"]
    )
    overwrite, public = told.get(f"{PREFIX}public-ip-overwrite"), told.get(f"{PREFIX}public-ip")
    text = overwrite or public or next(internal, "")
    return ip_address(text) if text else None


def _data(told: dict[str, str]) -> dict[str, Any]:
    try:
        data = json.loads(told.get(f"{PREFIX}backend-data") or "null")
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def _relevant(node: Object | None) -> object:
    return node and (peer_of(node), subnets_of(node))
