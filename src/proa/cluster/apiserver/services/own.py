"""What the server makes for itself: the range of Services, and `kubernetes` of its primary family.

Source: kubernetes pkg/controlplane/controller, defaultservicecidr and kubernetesservice.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence

from proa.cluster.apiserver.services.ranges import family_of
from proa.errors import AlreadyExists, UserError
from proa.kube.client import Client
from proa.kube.meta import with_condition
from proa.kube.resources import ENDPOINT_SLICES, ENDPOINTS, SERVICE_CIDRS, SERVICES, Object, Resource

_log = logging.getLogger(__name__)

NAME = "kubernetes"
NAMESPACE = "default"
_LABELS = {"component": "apiserver", "provider": "kubernetes"}
_PORT = 443


def check_address(address: str, family: str) -> None:
    """UserError unless the server's address is of the primary family: its Service has no other."""
    if family_of(address) != family:
        raise UserError(
            f"--advertise-address: {address} is of {family_of(address)}, and the first --service-cidr of"
            f" {family}: give an address of {family}"
        )


async def ensure(client: Client, cluster_ip: str, address: str, port: int) -> None:
    """Make the three objects, or bring their addresses up to date."""
    for resource, wanted in _objects(cluster_ip, address, port):
        try:
            await client.create(resource, wanted, NAMESPACE)
        except AlreadyExists:
            current = await client.get(resource, NAME, NAMESPACE)
            if resource != SERVICES:
                await client.update(resource, {**current, **wanted, "metadata": current["metadata"]})


async def ensure_range(client: Client, cidrs: Sequence[str]) -> None:
    """Tell from which networks Services get their addresses; a second one may be added to the first."""
    try:
        await client.create(SERVICE_CIDRS, {"metadata": {"name": NAME}, "spec": {"cidrs": list(cidrs)}})
    except AlreadyExists:
        await _compare_range(client, cidrs)
    else:
        ready = with_condition([], "Ready", True, message="Kubernetes default Service CIDR is ready")
        await client.patch(SERVICE_CIDRS, NAME, {"status": {"conditions": ready}}, subresource="status")


async def _compare_range(client: Client, cidrs: Sequence[str]) -> None:
    current = await client.get(SERVICE_CIDRS, NAME)
    had = current["spec"]["cidrs"]
    if len(had) < len(cidrs) and had == list(cidrs[: len(had)]):
        await client.update(SERVICE_CIDRS, {**current, "spec": {"cidrs": list(cidrs)}})
    elif had != list(cidrs):
        _log.warning(
            "Services have addresses of %s, with which this cluster began, and not of %s: give --service-cidr"
            " as it was, or add a ServiceCIDR", ", ".join(had), ", ".join(cidrs),
        )  # fmt: skip


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
