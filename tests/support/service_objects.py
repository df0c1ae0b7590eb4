"""Services and EndpointSlices for tests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from proa.kube import Object
from proa.kube.slim import slim_slice


def service(
    name: str = "web", *, ip: str = "10.43.0.50", ports: Sequence[Object] = (), **spec: Any
) -> Object:
    metadata: Object = {"name": name, "namespace": "d", "labels": spec.pop("labels", {})}
    ingress = spec.pop("ingress", [])
    ips = spec.pop("ips", [ip])
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata,
        "spec": {
            "type": "ClusterIP",
            "clusterIP": ips[0],
            "clusterIPs": ips,
            "ports": list(ports) or [{"name": "http", "protocol": "TCP", "port": 80}],
        }
        | spec,
        "status": {"loadBalancer": {"ingress": ingress}},
    }


def endpoint(address: str, node: str = "node", **conditions: Any) -> Object:
    entry: Object = {"addresses": [address], "nodeName": node}
    for name in ("hints", "zone"):
        if name in conditions:
            entry[name] = conditions.pop(name)
    entry["conditions"] = {"ready": True, "serving": True, "terminating": False} | conditions
    return entry


def endpoint_slice(
    endpoints: Sequence[Object],
    *,
    service_name: str = "web",
    name: str = "",
    kind: str = "IPv4",
    ports: Sequence[Object] = (),
    labels: dict[str, str] | None = None,
) -> Object:
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "name": name or f"{service_name}-{kind.lower()}",
            "namespace": "d",
            "labels": {"kubernetes.io/service-name": service_name} | (labels or {}),
        },
        "addressType": kind,
        "ports": list(ports) or [{"name": "http", "protocol": "TCP", "port": 8080}],
        "endpoints": list(endpoints),
    }


def kept_slice(endpoints: Sequence[Object], **more: Any) -> Object:
    """An EndpointSlice as nodes keep it."""
    return slim_slice(endpoint_slice(endpoints, **more))
