"""Nodes as Kubernetes knows them: ranges from spec.podCIDRs, the rest from flannel's annotations.

The annotations are flannel's own (flannel.alpha.coreos.com/...), so nodes that run flannel and nodes
that run proa understand each other. Source: flannel, Kubernetes subnet manager.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from ipaddress import ip_address, ip_network
from typing import Any

from proa.kernel.routes import IPAddress, Network
from proa.kube import NODES, Client, Informer, Object
from proa.network.backends.base import Backend, LocalNode, Peer

PREFIX = "flannel.alpha.coreos.com/"
_DATA = {4: "backend-data", 6: "backend-v6-data"}
_PUBLIC = {4: "public-ip", 6: "public-ipv6"}


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

    async def publish(self, backend: Backend, families: Iterable[LocalNode]) -> bool:
        """Writes what peers must know to this node's annotations; True when they were not there."""
        own = self._informer.get(self._name)
        wanted = published(backend, families)
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


def published(backend: Backend, families: Iterable[LocalNode]) -> dict[str, str]:
    """What a node publishes of itself."""
    told = {"kube-subnet-manager": "true", "backend-type": backend.name, "backend-data": "null"}
    for local in families:
        version = local.underlay.version
        told[_DATA[version]] = json.dumps(backend.data(local) or None, separators=(",", ":"))
        told[_PUBLIC[version]] = str(local.underlay.interface.ip)
    return {f"{PREFIX}{key}": value for key, value in told.items()}


def peers_of(nodes: Iterable[Object]) -> list[Peer]:
    """The peers among nodes in each IP family, in the order of their names."""
    found = (peer for node in nodes for peer in peers_in(node))
    return sorted(found, key=lambda peer: (peer.name, peer.address.version))


def peers_in(node: Object) -> list[Peer]:
    """A node as a peer in each of its IP families; none while it has no range or has not published itself."""
    name, whole = node["metadata"]["name"], node["metadata"].get("annotations") or {}
    told = {key.removeprefix(PREFIX): text for key, text in whole.items() if key.startswith(PREFIX)}
    backend, found = told.get("backend-type", ""), []
    for version in (4, 6) if backend else ():
        subnets = tuple(subnet for subnet in subnets_of(node) if subnet.version == version)
        address = _address(node, told, version)
        if subnets and address:
            found.append(Peer(name, address, subnets, backend, _data(told.get(_DATA[version]))))
    return found


def _address(node: Object, told: Mapping[str, str], version: int) -> IPAddress | None:
    internal = (
        item["address"]
        for item in node.get("status", {}).get("addresses", ())
        if item["type"] == "InternalIP" and (":" in item["address"]) == (version == 6)
    )
    key = _PUBLIC[version]
    text = told.get(f"{key}-overwrite") or told.get(key) or next(internal, "")
    return ip_address(text) if text else None


def _data(text: str | None) -> dict[str, Any]:
    try:
        data = json.loads(text or "null")
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def _relevant(node: Object | None) -> object:
    return node and (peers_in(node), subnets_of(node))
