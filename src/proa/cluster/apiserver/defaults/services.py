"""Services, endpoints, and what stands before them."""

from __future__ import annotations

from proa.cluster.apiserver.defaults.fill import each, fill, fill_empty, part
from proa.kube.resources import Object

_AFFINITY_SECONDS = 10800


def service(obj: Object) -> None:
    """Service; its addresses and node ports are allocated elsewhere."""
    spec = part(obj, "spec")
    fill_empty(spec, type="ClusterIP", sessionAffinity="None")
    if spec["sessionAffinity"] == "ClientIP":
        fill(part(part(spec, "sessionAffinityConfig"), "clientIP"), timeoutSeconds=_AFFINITY_SECONDS)
    else:
        spec.pop("sessionAffinityConfig", None)
    for port in each(spec, "ports"):
        fill_empty(port, protocol="TCP")
        if port.get("targetPort") in (None, 0, ""):
            port["targetPort"] = port.get("port")
    _traffic(spec)
    for ingress in each(part(part(obj, "status"), "loadBalancer"), "ingress"):
        if ingress.get("ip") and spec["type"] == "LoadBalancer":
            fill(ingress, ipMode="VIP")


def _traffic(spec: Object) -> None:
    if spec["type"] in ("NodePort", "LoadBalancer") or (
        spec["type"] == "ClusterIP" and spec.get("externalIPs")
    ):
        fill_empty(spec, externalTrafficPolicy="Cluster")
    if spec["type"] != "ExternalName":
        fill(spec, internalTrafficPolicy="Cluster")
    if spec["type"] == "LoadBalancer":
        fill(spec, allocateLoadBalancerNodePorts=True)


def endpoints(obj: Object) -> None:
    """Endpoints."""
    for subset in each(obj, "subsets"):
        for port in each(subset, "ports"):
            fill_empty(port, protocol="TCP")


def endpoint_slice(obj: Object) -> None:
    """EndpointSlice."""
    for port in each(obj, "ports"):
        fill(port, name="", protocol="TCP")
    for endpoint in each(obj, "endpoints"):
        fill(endpoint, conditions={})


def ingress(obj: Object) -> None:
    """Ingress."""
    fill(part(obj, "status"), loadBalancer={})


def ingress_class(obj: Object) -> None:
    """IngressClass."""
    parameters = part(obj, "spec").get("parameters")
    if parameters:
        fill(parameters, scope="Cluster")


def network_policy(obj: Object) -> None:
    """NetworkPolicy: without a type it is about ingress, and about egress when it has such rules."""
    spec = part(obj, "spec")
    fill(spec, podSelector={})
    if not spec.get("policyTypes"):
        spec["policyTypes"] = ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"]
    for rule in each(spec, "ingress") + each(spec, "egress"):
        for port in each(rule, "ports"):
            fill(port, protocol="TCP")
