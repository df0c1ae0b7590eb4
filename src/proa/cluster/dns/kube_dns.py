"""The Service kube-dns, whose endpoints are the DNS servers of all nodes.

It selects no pods. Each endpoint is hinted to its own node, so that a node asks its own server while
that is there, and any other when it is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress

from proa.cluster.dns.config import METRICS_PORT, PORT
from proa.errors import AlreadyExists
from proa.kube import (
    ENDPOINT_SLICES,
    ENDPOINTS,
    NODES,
    SERVICES,
    Controller,
    Manager,
    Object,
    Resource,
    Source,
    condition_is_true,
)

NAMESPACE, NAME = "kube-system", "kube-dns"
KEY = f"{NAMESPACE}/{NAME}"
_LABELS = {"k8s-app": "kube-dns", "kubernetes.io/cluster-service": "true", "kubernetes.io/name": "CoreDNS"}
_MANAGER = "kube-dns.proa"


def service(address: str, port: int = PORT) -> Object:
    """The Service as people expect it, at the address that kubelets write into resolv.conf."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": NAME,
            "namespace": NAMESPACE,
            "labels": _LABELS,
            "annotations": {"prometheus.io/port": str(METRICS_PORT), "prometheus.io/scrape": "true"},
        },
        "spec": {
            "type": "ClusterIP",
            "clusterIP": address,
            "clusterIPs": [address],
            "ports": [
                {"name": "dns", "port": 53, "protocol": "UDP", "targetPort": port},
                {"name": "dns-tcp", "port": 53, "protocol": "TCP", "targetPort": port},
                {"name": "metrics", "port": METRICS_PORT, "protocol": "TCP", "targetPort": METRICS_PORT},
            ],
        },
    }


def endpoint_slice(nodes: Iterable[Object], *, ipv6: bool = False, port: int = PORT) -> Object:
    """Every node's server; those of nodes that are not ready take nothing."""
    return {
        "apiVersion": ENDPOINT_SLICES.api_version,
        "kind": ENDPOINT_SLICES.kind,
        "metadata": {
            "name": NAME,
            "namespace": NAMESPACE,
            "labels": _LABELS
            | {"kubernetes.io/service-name": NAME, "endpointslice.kubernetes.io/managed-by": _MANAGER},
        },
        "addressType": "IPv6" if ipv6 else "IPv4",
        "ports": _ports(port),
        "endpoints": [_endpoint(node, address) for node, address in _addressed(nodes, ipv6=ipv6)],
    }


def endpoints(nodes: Iterable[Object], *, ipv6: bool = False, port: int = PORT) -> Object:
    """The same for those that still read Endpoints."""
    subset: Object = {}
    for node, ip in _addressed(nodes, ipv6=ipv6):
        group = "addresses" if condition_is_true(node, "Ready") else "notReadyAddresses"
        subset.setdefault(group, []).append({"ip": ip, "nodeName": node["metadata"]["name"]})
    return {
        "apiVersion": "v1",
        "kind": "Endpoints",
        # Without the label, Endpoints of a Service that selects nothing would be mirrored.
        "metadata": {
            "name": NAME,
            "namespace": NAMESPACE,
            "labels": _LABELS | {"endpointslice.kubernetes.io/skip-mirror": "true"},
        },
        "subsets": [subset | {"ports": _ports(port)}] if subset else [],
    }


def _ports(port: int) -> list[Object]:
    return [
        {"name": "dns", "port": port, "protocol": "UDP"},
        {"name": "dns-tcp", "port": port, "protocol": "TCP"},
        {"name": "metrics", "port": METRICS_PORT, "protocol": "TCP"},
    ]


def _endpoint(node: Object, address: str) -> Object:
    name, ready = node["metadata"]["name"], condition_is_true(node, "Ready")
    return {
        "addresses": [address],
        "conditions": {"ready": ready, "serving": ready, "terminating": False},
        "nodeName": name,
        "hints": {"forNodes": [{"name": name}]},
    }


def _addressed(nodes: Iterable[Object], *, ipv6: bool) -> Sequence[tuple[Object, str]]:
    """Nodes and their internal address of a family, by name."""
    found = []
    for node in sorted(nodes, key=lambda node: str(node["metadata"]["name"])):
        for address in (node.get("status") or {}).get("addresses") or ():
            if address["type"] == "InternalIP" and (":" in address["address"]) == ipv6:
                found.append((node, address["address"]))
                break
    return found


class KubeDns:
    """Reconciles the one Service; every source leads to its key."""

    def __init__(self, manager: Manager, address: str, port: int) -> None:
        self._client = manager.client
        self._address = address
        self._port = port
        only = f"metadata.name={NAME}"
        self.nodes = manager.informer(NODES)
        self._own = {
            resource: manager.informer(resource, NAMESPACE, field_selector=only)
            for resource in (SERVICES, ENDPOINT_SLICES, ENDPOINTS)
        }

    async def reconcile(self, _: str) -> None:
        """Make the Service and list the nodes behind it."""
        nodes, ipv6 = self.nodes.list(), ":" in self._address
        await self._ensure(SERVICES, service(self._address, self._port))
        wanted = endpoint_slice(nodes, ipv6=ipv6, port=self._port)
        await self._ensure(ENDPOINT_SLICES, wanted, "ports", "endpoints")
        await self._ensure(ENDPOINTS, endpoints(nodes, ipv6=ipv6, port=self._port), "subsets")

    async def _ensure(self, resource: Resource, wanted: Object, *fields: str) -> None:
        """Create what is missing; of what is there, put the named fields right."""
        current = self._own[resource].get(KEY)
        if current is None:
            with suppress(AlreadyExists):
                await self._client.create(resource, wanted, NAMESPACE)
        elif any(wanted[name] != (current.get(name) or []) for name in fields):
            await self._client.patch(resource, NAME, {name: wanted[name] for name in fields}, NAMESPACE)

    def sources(self) -> list[Source]:
        """Everything leads to the one key."""
        return [Source(informer, lambda _: (KEY,)) for informer in (self.nodes, *self._own.values())]


def setup(manager: Manager, address: str, port: int = PORT) -> None:
    """Run with the manager: the Service at `address`, its servers at `port` of every node."""
    reconciler = KubeDns(manager, address, port)
    manager.add(Controller("kube-dns", reconciler, sources=reconciler.sources()))
