"""What clients are told of a Service that is allowed and perhaps not meant.

Source: kubernetes pkg/api/service/warnings.go; apimachinery util/validation, GetWarningsForIP and -CIDR.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address, ip_interface

from proa.cluster.apiserver.admission.request import Request
from proa.cluster.apiserver.view import View
from proa.kube import annotations_of
from proa.kube.resources import Object

_HINTS, _MODE = "service.kubernetes.io/topology-aware-hints", "service.kubernetes.io/topology-mode"


def warn(request: Request, _view: View) -> None:
    """An admission step that refuses nothing."""
    if request.operation in ("CREATE", "UPDATE") and not request.target.subresource:
        request.warnings.extend(_warnings(request.obj))


def _warnings(service: Object) -> Iterator[str]:
    spec = service["spec"]
    if _HINTS in annotations_of(service):
        yield f"annotation {_HINTS} is deprecated, please use {_MODE} instead"
    yield from _of_addresses(spec)
    yield from _ignored(spec)
    if spec.get("trafficDistribution") == "PreferClose":
        yield 'spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"'


def _of_addresses(spec: Object) -> Iterator[str]:
    for name in ("clusterIPs", "externalIPs"):
        for index, address in enumerate(spec.get(name) or ()):
            if address != "None":
                yield from _of_form(f"spec.{name}[{index}]", address)
    if spec.get("loadBalancerIP"):
        yield from _of_form("spec.loadBalancerIP", spec["loadBalancerIP"])
    for index, network in enumerate(spec.get("loadBalancerSourceRanges") or ()):
        yield from _of_network(f"spec.loadBalancerSourceRanges[{index}]", network.strip())


def _ignored(spec: Object) -> Iterator[str]:
    headless = spec["type"] == "ClusterIP" and spec.get("clusterIP") == "None"
    if headless and spec.get("loadBalancerIP"):
        yield "spec.loadBalancerIP is ignored for headless services"
    if headless and spec.get("externalIPs"):
        yield "spec.externalIPs is ignored for headless services"
    if headless and spec.get("sessionAffinity") != "None":
        yield "spec.SessionAffinity is ignored for headless services"
    named = spec["type"] == "ExternalName"
    if spec.get("externalIPs") and named:
        yield 'spec.externalIPs is ignored when spec.type is "ExternalName"'
    elif spec.get("externalIPs") and not headless:
        yield "spec.externalIPs is deprecated and may no longer be implemented in some clusters"
    if spec.get("externalName") and not named:
        yield 'spec.externalName is ignored when spec.type is not "ExternalName"'


def _of_form(field: str, text: str) -> Iterator[str]:
    if str(ip_address(text)) != text:
        canonical = str(ip_address(text))
        yield f'{field}: IPv6 address "{text}" should be in RFC 5952 canonical format ("{canonical}")'


def _of_network(field: str, text: str) -> Iterator[str]:
    interface = ip_interface(text)
    network, alone = str(interface.network), f"{interface.ip}/{interface.max_prefixlen}"
    if interface.ip != interface.network.network_address:
        yield (
            f'{field}: CIDR value "{text}" is ambiguous in this context (should be "{network}" or "{alone}"?)'
        )
    elif network != text and ":" in text:
        yield f'{field}: IPv6 CIDR value "{text}" should be in RFC 5952 canonical format ("{network}")'
