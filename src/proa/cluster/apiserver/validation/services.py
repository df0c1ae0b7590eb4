"""Services, endpoint slices and ingresses."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from proa.cluster.apiserver.names import SUBDOMAIN, address_problems
from proa.cluster.apiserver.schema.field_error import (
    FieldError,
    duplicate,
    forbidden,
    invalid_value,
    required,
)
from proa.cluster.apiserver.validation.common import (
    PROTOCOLS,
    dns_label,
    elements,
    immutable,
    labels,
    network,
    one_of,
    path,
    port,
    unique,
)
from proa.cluster.apiserver.validation.containers import port_name
from proa.kube.resources import Object

_TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
_POLICIES = ("Cluster", "Local")
_ADDRESS_TYPES = ("FQDN", "IPv4", "IPv6")
_PATH_TYPES = ("Exact", "ImplementationSpecific", "Prefix")
_MAX_AFFINITY_SECONDS = 86400


def service(obj: Object, _old: Object | None) -> Iterator[FieldError]:
    """Service."""
    spec = obj.get("spec") or {}
    kind = spec.get("type")
    headless = spec.get("clusterIP") == "None"
    if not spec.get("ports") and not headless and kind != "ExternalName":
        yield required("spec.ports")
    if kind == "ExternalName":
        yield from _external_name(spec)
    if kind == "LoadBalancer" and headless:
        yield invalid_value(
            "spec.clusterIPs[0]", "None", "may not be set to 'None' for LoadBalancer services"
        )
    if kind == "NodePort" and headless:
        yield invalid_value("spec.clusterIPs[0]", "None", "may not be set to 'None' for NodePort services")
    yield from _service_ports(spec)
    yield from labels("spec.selector", spec.get("selector"))
    yield from one_of("spec.type", kind, _TYPES)
    yield from _session_affinity(spec)
    yield from _addresses(spec)
    yield from one_of("spec.internalTrafficPolicy", spec.get("internalTrafficPolicy"), _POLICIES)
    yield from one_of("spec.externalTrafficPolicy", spec.get("externalTrafficPolicy") or None, _POLICIES)


def _external_name(spec: Object) -> Iterator[FieldError]:
    name = (spec.get("externalName") or "").removesuffix(".")
    if not name:
        yield required("spec.externalName")
    for problem in SUBDOMAIN.problems(name) if name else ():
        yield invalid_value("spec.externalName", name, problem)
    for field in ("clusterIPs", "ipFamilies", "ipFamilyPolicy"):
        if spec.get(field):
            yield forbidden(f"spec.{field}", "may not be set for ExternalName services")


def _service_ports(spec: Object) -> Iterator[FieldError]:
    ports = list(elements(spec, "spec", "ports"))
    seen = set()
    for at, item in ports:
        if len(ports) > 1 and not item.get("name"):
            yield required(f"{at}.name")
        elif item.get("name"):
            yield from dns_label(f"{at}.name", item["name"])
        yield from port(f"{at}.port", item.get("port"))
        yield from one_of(f"{at}.protocol", item.get("protocol"), PROTOCOLS)
        target = item.get("targetPort")
        yield from port(f"{at}.targetPort", target) if isinstance(target, int) else ()
        yield from port_name(f"{at}.targetPort", target) if isinstance(target, str) else ()
        if item.get("nodePort") and spec.get("type") == "ClusterIP":
            yield forbidden(f"{at}.nodePort", "may not be used when `type` is 'ClusterIP'")
        key = (item.get("protocol"), item.get("port"))
        if key in seen:
            yield duplicate(at, {"protocol": key[0], "port": key[1]})
        seen.add(key)
    yield from unique(".name", ((at, item.get("name")) for at, item in ports))


def _session_affinity(spec: Object) -> Iterator[FieldError]:
    yield from one_of("spec.sessionAffinity", spec.get("sessionAffinity"), ("ClientIP", "None"))
    seconds = path(spec, "sessionAffinityConfig", "clientIP", "timeoutSeconds")
    if seconds is not None and not 0 < seconds <= _MAX_AFFINITY_SECONDS:
        detail = f"must be greater than 0 and less than {_MAX_AFFINITY_SECONDS}"
        yield invalid_value("spec.sessionAffinityConfig.clientIP.timeoutSeconds", seconds, detail)


def _addresses(spec: Object) -> Iterator[FieldError]:
    for index, address in enumerate(spec.get("externalIPs") or ()):
        yield from _address(f"spec.externalIPs[{index}]", address)
    for index, source in enumerate(spec.get("loadBalancerSourceRanges") or ()):
        yield from network(f"spec.LoadBalancerSourceRanges[{index}]", source.strip())


def _address(field: str, value: str, version: int | None = None) -> Iterator[FieldError]:
    problems = address_problems(value, canonical=False)
    for problem in problems:
        yield invalid_value(field, value, problem)
    if version and not problems and ipaddress.ip_address(value).version != version:
        yield invalid_value(field, value, f"must be an IPv{version} address")


def endpoint_slice(obj: Object, old: Object | None) -> Iterator[FieldError]:
    """EndpointSlice."""
    kind = obj.get("addressType")
    yield from one_of("addressType", kind, _ADDRESS_TYPES)
    yield from immutable(obj, old, "addressType")
    version = {"IPv4": 4, "IPv6": 6}.get(str(kind))
    for index, endpoint in enumerate(obj.get("endpoints") or ()):
        if not endpoint.get("addresses"):
            yield required(f"endpoints[{index}].addresses")
        for at, address in enumerate((endpoint.get("addresses") or ()) if version else ()):
            yield from _address(f"endpoints[{index}].addresses[{at}]", address, version)
    for index, item in enumerate(obj.get("ports") or ()):
        yield from one_of(f"ports[{index}].protocol", item.get("protocol"), PROTOCOLS)


def ingress(obj: Object, _old: Object | None) -> Iterator[FieldError]:
    """Ingress."""
    spec = obj.get("spec") or {}
    if not spec.get("rules") and not spec.get("defaultBackend"):
        yield invalid_value("spec", spec.get("rules"), "either `defaultBackend` or `rules` must be specified")
    if spec.get("defaultBackend") is not None:
        yield from _backend("spec.defaultBackend", spec["defaultBackend"])
    for at, rule in elements(spec, "spec", "rules"):
        host = rule.get("host") or ""
        for problem in SUBDOMAIN.problems(host.removeprefix("*.")) if host else ():
            yield invalid_value(f"{at}.host", host, problem)
        for place, item in elements(rule.get("http"), f"{at}.http", "paths"):
            yield from _ingress_path(place, item)


def _ingress_path(field: str, item: Object) -> Iterator[FieldError]:
    kind, value = item.get("pathType"), item.get("path") or ""
    yield from one_of(f"{field}.pathType", kind, _PATH_TYPES)
    if kind in ("Exact", "Prefix") and not value.startswith("/"):
        yield invalid_value(f"{field}.path", value, "must be an absolute path")
    yield from _backend(f"{field}.backend", item.get("backend") or {})


def _backend(field: str, backend: Object) -> Iterator[FieldError]:
    named = backend.get("service")
    if (named is None) == (backend.get("resource") is None):
        yield invalid_value(field, "", "resource or service backend is required")
    if named is not None and not (path(named, "port", "number") or path(named, "port", "name")):
        yield required(field, "port name or number is required")
