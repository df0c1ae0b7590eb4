"""Services, endpoints, ingresses and policies."""

from __future__ import annotations

import datetime as dt

from proa.cluster.apiserver.columns.column import (
    AGE,
    NAME,
    NONE,
    UNKNOWN,
    UNSET,
    Column,
    field,
    labels_text,
    shortened,
    text,
)
from proa.kube.addresses import join_host_port
from proa.kube.meta import annotations_of
from proa.kube.resources import Object
from proa.kube.selectors import format_selector

_SHOWN = 3
_DEFAULT_CLASS = "ingressclass.kubernetes.io/is-default-class"


def _cluster_ip(service: Object, _now: dt.datetime) -> str:
    addresses = field(service, "spec", "clusterIPs") or ()
    return str(addresses[0]) if addresses else NONE


def _balancer_addresses(obj: Object) -> list[str]:
    ingress = field(obj, "status", "loadBalancer", "ingress") or ()
    return sorted({i.get("ip") or i.get("hostname") or "" for i in ingress} - {""})


def _external_ip(service: Object, _now: dt.datetime) -> str:
    spec = service["spec"]
    fixed = spec.get("externalIPs") or []
    kind = spec.get("type")
    if kind == "ExternalName":
        return str(spec.get("externalName", ""))
    if kind == "LoadBalancer":
        return ",".join(_balancer_addresses(service) + fixed) or "<pending>"
    return (",".join(fixed) or NONE) if kind in ("ClusterIP", "NodePort") else UNKNOWN


def _ports(service: Object, _now: dt.datetime) -> str:
    return ",".join(map(_port, service["spec"].get("ports") or ())) or NONE


def _port(port: Object) -> str:
    node_port = f":{port['nodePort']}" if port.get("nodePort") else ""
    return f"{port['port']}{node_port}/{port.get('protocol', 'TCP')}"


SERVICES = (
    NAME,
    text("Type", "spec", "type"),
    Column("Cluster-IP", _cluster_ip),
    Column("External-IP", _external_ip),
    Column("Port(s)", _ports),
    AGE,
    Column("Selector", lambda obj, _now: labels_text(field(obj, "spec", "selector")), wide=True),
)


def _endpoints(obj: Object, _now: dt.datetime) -> str:
    addresses = [
        _host_port(address["ip"], port.get("port"))
        for subset in obj.get("subsets") or ()
        for port in subset.get("ports") or [{}]
        for address in subset.get("addresses") or ()
    ]
    return shortened(addresses, _SHOWN, NONE if not obj.get("subsets") else "")


def _host_port(address: str, port: int | None) -> str:
    if port is None:
        return address
    return join_host_port(address, port)


ENDPOINTS = (NAME, Column("Endpoints", _endpoints), AGE)


def _slice_ports(obj: Object, _now: dt.datetime) -> str:
    ports = obj.get("ports") or ()
    return shortened([str(p.get("port") or p.get("name") or "*") for p in ports], _SHOWN, UNSET)


def _slice_endpoints(obj: Object, _now: dt.datetime) -> str:
    endpoints = obj.get("endpoints") or ()
    return shortened([address for e in endpoints for address in e.get("addresses") or ()], _SHOWN, UNSET)


ENDPOINT_SLICES = (
    NAME,
    text("AddressType", "addressType"),
    Column("Ports", _slice_ports),
    Column("Endpoints", _slice_endpoints),
    AGE,
)


def _hosts(ingress: Object, _now: dt.datetime) -> str:
    hosts = [rule["host"] for rule in field(ingress, "spec", "rules") or () if rule.get("host")]
    return shortened(hosts, _SHOWN, "*")


INGRESSES = (
    NAME,
    text("Class", "spec", "ingressClassName", absent=NONE),
    Column("Hosts", _hosts),
    Column("Address", lambda obj, _now: ",".join(_balancer_addresses(obj))),
    Column("Ports", lambda obj, _now: "80, 443" if field(obj, "spec", "tls") else "80"),
    AGE,
)


def _class_name(obj: Object, _now: dt.datetime) -> str:
    is_default = annotations_of(obj).get(_DEFAULT_CLASS) == "true"
    return f"{obj['metadata']['name']}{' (default)' if is_default else ''}"


def _parameters(obj: Object, _now: dt.datetime) -> str:
    parameters = field(obj, "spec", "parameters")
    if not parameters:
        return NONE
    group = f".{parameters['apiGroup']}" if parameters.get("apiGroup") else ""
    return f"{parameters['kind']}{group}/{parameters['name']}"


INGRESS_CLASSES = (
    Column("Name", _class_name, format="name"),
    text("Controller", "spec", "controller"),
    Column("Parameters", _parameters),
    AGE,
)

NETWORK_POLICIES = (
    NAME,
    Column(
        "Pod-Selector", lambda obj, _now: format_selector(field(obj, "spec", "podSelector") or {}) or NONE
    ),
    AGE,
)

SERVICE_CIDRS = (
    NAME,
    Column("CIDRs", lambda obj, _now: ",".join(field(obj, "spec", "cidrs") or ())),
    AGE,
)


def _parent(obj: Object, _now: dt.datetime) -> str:
    parent = field(obj, "spec", "parentRef")
    if not parent:
        return NONE
    kind = ".".join(filter(None, (parent.get("resource"), parent.get("group")))).lower()
    return "/".join(filter(None, (kind, parent.get("namespace"), parent.get("name"))))


IP_ADDRESSES = (NAME, Column("ParentRef", _parent), AGE)
