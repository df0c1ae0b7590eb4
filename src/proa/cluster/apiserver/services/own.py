"""The Service `kubernetes`, by which pods reach this server, its endpoints, and the range of all Services."""

from __future__ import annotations

from collections.abc import Iterator

from proa.errors import AlreadyExists
from proa.kube.client import Client
from proa.kube.meta import with_condition
from proa.kube.resources import ENDPOINT_SLICES, ENDPOINTS, SERVICE_CIDRS, SERVICES, Object, Resource

NAME = "kubernetes"
NAMESPACE = "default"
_LABELS = {"component": "apiserver", "provider": "kubernetes"}
_PORT = 443


async def ensure(client: Client, cluster_ip: str, address: str, port: int) -> None:
    """Make the three objects, or bring their addresses up to date."""
    for resource, wanted in _objects(cluster_ip, address, port):
        try:
            await client.create(resource, wanted, NAMESPACE)
        except AlreadyExists:
            current = await client.get(resource, NAME, NAMESPACE)
            if resource != SERVICES:
                await client.update(resource, {**current, **wanted, "metadata": current["metadata"]})


async def ensure_range(client: Client, cidr: str) -> None:
    """Tell from which network Services get their addresses."""
    try:
        await client.create(SERVICE_CIDRS, {"metadata": {"name": NAME}, "spec": {"cidrs": [cidr]}})
    except AlreadyExists:
        return
    ready = with_condition([], "Ready", True, message="Kubernetes default Service CIDR is ready")
    await client.patch(SERVICE_CIDRS, NAME, {"status": {"conditions": ready}}, subresource="status")


def _objects(cluster_ip: str, address: str, port: int) -> Iterator[tuple[Resource, Object]]:
    named = {"name": "https", "port": port, "protocol": "TCP"}
    yield (
        SERVICES,
        {
            "metadata": {"name": NAME, "labels": dict(_LABELS)},
            "spec": {
                "clusterIP": cluster_ip,
                "type": "ClusterIP",
                "ports": [{"name": "https", "port": _PORT, "protocol": "TCP", "targetPort": port}],
            },
        },
    )
    yield (
        ENDPOINTS,
        {
            "metadata": {"name": NAME, "labels": {"endpointslice.kubernetes.io/skip-mirror": "true"}},
            "subsets": [{"addresses": [{"ip": address}], "ports": [named]}],
        },
    )
    yield (
        ENDPOINT_SLICES,
        {
            "metadata": {"name": NAME, "labels": {"kubernetes.io/service-name": NAME}},
            "addressType": "IPv6" if ":" in address else "IPv4",
            "endpoints": [{"addresses": [address], "conditions": {"ready": True}}],
            "ports": [named],
        },
    )
