"""A Service and its EndpointSlices as the frontends of one node. Pure: objects in, values out.

Source: core/v1 ServiceSpec; KEP-1860 (ipMode); KEP-2086 (internalTrafficPolicy).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from ipaddress import collapse_addresses, ip_network
from typing import Any, NamedTuple

from proa.kube import Object, labels_of
from proa.services.endpoints import Groups, groups
from proa.services.model import Action, Address, Endpoint, Frontend, Frontends, HealthCheck, Masquerade, Node

SERVICE_NAME = "kubernetes.io/service-name"
_OTHER_PROXY = "service.kubernetes.io/service-proxy-name"
_HEADLESS = "service.kubernetes.io/headless"
_AFFINITY_SECONDS = 10800


class _Place(NamedTuple):
    """One way in: an address of the Service, and whether clients outside of the cluster use it."""

    ip: str
    port: int
    external: bool = False
    allowed: tuple[str, ...] | None = None


def concerns(obj: Object) -> bool:
    """Whether a Service or EndpointSlice is for a service proxy at all."""
    return _HEADLESS not in labels_of(obj)


def frontends(service: Object, slices: Sequence[Object], node: Node) -> Frontends:
    """Where connections to the Service arrive on this node and what becomes of them.

    The slices are as `slim_slice` makes them.
    """
    spec = service["spec"]
    if not has_address(service) or not concerns(service):
        return {}
    if _OTHER_PROXY in labels_of(service):
        return {address: Frontend(Action.LEAVE) for address in _cluster_addresses(spec)}
    slices = [part for part in slices if concerns(part)]
    found: Frontends = {}
    for port in spec.get("ports") or ():
        protocol = port.get("protocol", "TCP").lower()
        for family in _families(spec):
            behind = groups(slices, family, port.get("name") or "", node)
            for place in _places(service, port, family, node):
                address = Address(place.ip, protocol, place.port)
                found[address] = _frontend(spec, place, behind)
    return found


def has_address(service: Object) -> bool:
    """False for headless and ExternalName Services, which DNS alone serves."""
    spec = service["spec"]
    return spec.get("type") != "ExternalName" and spec.get("clusterIP") not in (None, "", "None")


def health_check(service: Object, slices: Sequence[Object], node: Node) -> HealthCheck | None:
    """The health check of a LoadBalancer Service with the Local policy, if it has one."""
    spec = service["spec"]
    port = spec.get("healthCheckNodePort")
    if not port or spec.get("type") != "LoadBalancer" or spec.get("externalTrafficPolicy") != "Local":
        return None
    if _OTHER_PROXY in labels_of(service) or not has_address(service):
        return None
    local = {
        endpoint.address
        for named in spec.get("ports") or ()
        for family in _families(spec)
        for endpoint in groups(slices, family, named.get("name") or "", node).ready
    }
    return HealthCheck(int(port), len(local))


def _cluster_addresses(spec: Object) -> Iterator[Address]:
    for port in spec.get("ports") or ():
        for ip in _cluster_ips(spec):
            yield Address(ip, port.get("protocol", "TCP").lower(), port["port"])


def _cluster_ips(spec: Object) -> list[str]:
    return spec.get("clusterIPs") or [spec["clusterIP"]]


def _families(spec: Object) -> list[int]:
    return [_family(ip) for ip in _cluster_ips(spec)]


def _family(ip: str) -> int:
    return 6 if ":" in ip else 4


def _places(service: Object, port: Object, family: int, node: Node) -> Iterator[_Place]:
    spec = service["spec"]
    number = port["port"]
    for ip in _of_family(_cluster_ips(spec), family):
        yield _Place(ip, number)
    for ip in _of_family(spec.get("externalIPs") or (), family):
        yield _Place(ip, number, external=True)
    if spec.get("type") == "LoadBalancer":
        allowed = _allowed(spec, family)
        for ip in _of_family(_ingress_ips(service), family):
            yield _Place(ip, number, external=True, allowed=allowed)
    if port.get("nodePort"):
        for ip in _of_family(node.addresses, family):
            yield _Place(ip, port["nodePort"], external=True)


def _of_family(ips: Iterable[str], family: int) -> Iterator[str]:
    return (ip for ip in ips if _family(ip) == family)


def _ingress_ips(service: Object) -> Iterator[str]:
    """Load-balancer addresses whose packets arrive with that address (not by way of a proxy)."""
    balancer = (service.get("status") or {}).get("loadBalancer") or {}
    for ingress in balancer.get("ingress") or ():
        if ingress.get("ip") and ingress.get("ipMode", "VIP") == "VIP":
            yield ingress["ip"]


def _allowed(spec: Object, family: int) -> tuple[str, ...] | None:
    """The source ranges of that family; ranges of the other family alone restrict nothing, as upstream."""
    networks = [ip_network(text.strip(), strict=False) for text in spec.get("loadBalancerSourceRanges") or ()]
    mine: list[Any] = [network for network in networks if network.version == family]
    return tuple(str(network) for network in collapse_addresses(mine)) or None


def _frontend(spec: Object, place: _Place, behind: Groups) -> Frontend:
    if not behind.cluster:
        return Frontend(Action.REJECT)
    affinity = _affinity(spec)
    if place.external:
        return _external(spec, place, behind, affinity)
    if spec.get("internalTrafficPolicy") == "Local":
        return _forward(behind.local, affinity)
    return _forward(behind.cluster, affinity)


def _forward(endpoints: tuple[Endpoint, ...], affinity: int) -> Frontend:
    return Frontend(Action.FORWARD, endpoints, affinity=affinity) if endpoints else Frontend(Action.DROP)


def _external(spec: Object, place: _Place, behind: Groups, affinity: int) -> Frontend:
    local = spec.get("externalTrafficPolicy") == "Local"
    return Frontend(
        Action.FORWARD,
        behind.cluster,
        outside=behind.local if local else None,
        affinity=affinity,
        allowed=place.allowed,
        masquerade=Masquerade.NODE if local else Masquerade.EVERYONE,
    )


def _affinity(spec: Object) -> int:
    if spec.get("sessionAffinity") != "ClientIP":
        return 0
    settings = (spec.get("sessionAffinityConfig") or {}).get("clientIP") or {}
    return int(settings.get("timeoutSeconds") or _AFFINITY_SECONDS)
