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
    Informer,
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
_OWN_SLICES = f"endpointslice.kubernetes.io/managed-by={_MANAGER}"


def service(addresses: Sequence[str], port: int = PORT) -> Object:
    """The Service as people expect it, at the addresses that kubelets write into resolv.conf."""
    policy = {"ipFamilyPolicy": "PreferDualStack"} if len(addresses) > 1 else {}
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
            "clusterIP": addresses[0],
            "clusterIPs": list(addresses),
            **policy,
            "ports": [
                {"name": "dns", "port": 53, "protocol": "UDP", "targetPort": port},
                {"name": "dns-tcp", "port": 53, "protocol": "TCP", "targetPort": port},
                {"name": "metrics", "port": METRICS_PORT, "protocol": "TCP", "targetPort": METRICS_PORT},
            ],
        },
    }


def endpoint_slice(
    nodes: Iterable[Object], *, ipv6: bool = False, port: int = PORT, name: str = NAME
) -> Object:
    """Every node's server; those of nodes that are not ready take nothing."""
    return {
        "apiVersion": ENDPOINT_SLICES.api_version,
        "kind": ENDPOINT_SLICES.kind,
        "metadata": {
            "name": name,
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

    def __init__(self, manager: Manager, addresses: Sequence[str], port: int) -> None:
        self._client = manager.client
        self._addresses = addresses
        self._port = port
        only = f"metadata.name={NAME}"
        self.nodes = manager.informer(NODES)
        self.slices = manager.informer(ENDPOINT_SLICES, NAMESPACE, label_selector=_OWN_SLICES)
        self._own = {
            resource: manager.informer(resource, NAMESPACE, field_selector=only)
            for resource in (SERVICES, ENDPOINTS)
        }

    async def reconcile(self, _: str) -> None:
        """Make the Service and list the nodes behind it."""
        nodes = self.nodes.list()
        await self._ensure_service()
        for place, address in enumerate(self._addresses):
            ipv6 = ":" in address
            name = f"{NAME}-{'ipv6' if ipv6 else 'ipv4'}" if place else NAME
            wanted = endpoint_slice(nodes, ipv6=ipv6, port=self._port, name=name)
            await self._ensure(ENDPOINT_SLICES, self.slices, wanted, "ports", "endpoints")
        legacy = endpoints(nodes, ipv6=":" in self._addresses[0], port=self._port)
        await self._ensure(ENDPOINTS, self._own[ENDPOINTS], legacy, "subsets")

    async def _ensure_service(self) -> None:
        """Create it; one of a cluster that had one family gets its second address."""
        wanted, services = service(self._addresses, self._port), self._own[SERVICES]
        current, ours = services.get(KEY), wanted["spec"]["clusterIPs"]
        await self._ensure(SERVICES, services, wanted)
        if current and current["spec"].get("clusterIPs") == ours[:1] != ours:
            names = ("clusterIPs", "ipFamilyPolicy")
            patch = {"spec": {name: wanted["spec"][name] for name in names}}
            await self._client.patch(SERVICES, NAME, patch, NAMESPACE)

    async def _ensure(self, resource: Resource, known: Informer, wanted: Object, *fields: str) -> None:
        """Create what is missing; of what is there, put the named fields right."""
        name = wanted["metadata"]["name"]
        current = known.get(f"{NAMESPACE}/{name}")
        if current is None:
            with suppress(AlreadyExists):
                await self._client.create(resource, wanted, NAMESPACE)
        elif any(wanted[each] != (current.get(each) or []) for each in fields):
            await self._client.patch(resource, name, {each: wanted[each] for each in fields}, NAMESPACE)

    def sources(self) -> list[Source]:
        """Everything leads to the one key."""
        informers = (self.nodes, self.slices, *self._own.values())
        return [Source(informer, lambda _: (KEY,)) for informer in informers]


def setup(manager: Manager, addresses: Sequence[str], port: int = PORT) -> None:
    """Run with the manager: the Service at `addresses`, one a family, its servers at `port` of every node."""
    reconciler = KubeDns(manager, addresses, port)
    manager.add(Controller("kube-dns", reconciler, sources=reconciler.sources()))
