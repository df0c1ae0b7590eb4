"""Which pods are behind a Service, and behind which numbers of port. Pure.

Source: core/v1 ServiceSpec; upstream's endpointslice library.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from proa.cluster.controllers.pods import is_finished
from proa.kube import Object, condition_is_true, is_deleting, labels_of

ZONE = "topology.kubernetes.io/zone"
BY_LABEL, BY_SELECTOR = "label", "selector"


class Port(NamedTuple):
    """A port of a slice."""

    name: str
    protocol: str
    number: int
    app_protocol: str = ""


class Backend(NamedTuple):
    """A pod behind a Service, with its address of one family."""

    pod: Object
    address: str
    ports: tuple[Port, ...]
    ready: bool
    serving: bool
    terminating: bool
    hostname: str
    node: str
    zone: str


def label_terms(pod: Object) -> Iterator[str]:
    """Index function of pods: one value for each label."""
    namespace = pod["metadata"]["namespace"]
    return (f"{namespace}/{name}={value}" for name, value in labels_of(pod).items())


def selector_terms(service: Object) -> Iterator[str]:
    """Index function of Services: the one term under which pods find them."""
    selector = service["spec"].get("selector")
    if selector:
        name = min(selector)
        yield f"{service['metadata']['namespace']}/{name}={selector[name]}"


def selects(service: Object, pod: Object) -> bool:
    """Whether the Service's selector holds for the pod, whose namespace is the same."""
    labels = labels_of(pod)
    return all(labels.get(name) == value for name, value in service["spec"]["selector"].items())


def families(service: Object) -> list[str]:
    """IPv4 and IPv6 in the Service's order."""
    spec = service["spec"]
    return spec.get("ipFamilies") or ["IPv6" if ":" in (spec.get("clusterIP") or "") else "IPv4"]


def is_headless(service: Object) -> bool:
    return bool(service["spec"].get("clusterIP") == "None")


def backends(
    service: Object, pods: Iterable[Object], nodes: Mapping[str, Object], family: str
) -> Iterator[Backend]:
    """The Service's pods that have an address of the family and have not ended, by name."""
    for pod in sorted(pods, key=lambda pod: str(pod["metadata"]["name"])):
        address = _address(pod, family)
        if address and not is_finished(pod):
            yield _backend(service, pod, nodes, address)


def _backend(service: Object, pod: Object, nodes: Mapping[str, Object], address: str) -> Backend:
    spec = pod["spec"]
    serving, terminating = condition_is_true(pod, "Ready"), is_deleting(pod)
    publish = bool(service["spec"].get("publishNotReadyAddresses"))
    named = spec.get("hostname") and spec.get("subdomain") == service["metadata"]["name"]
    node = spec.get("nodeName") or ""
    return Backend(
        pod,
        address,
        tuple(_ports(service, pod)),
        ready=publish or (serving and not terminating),
        serving=serving,
        terminating=terminating,
        hostname=spec["hostname"] if named else "",
        node=node,
        zone=labels_of(nodes[node]).get(ZONE, "") if node in nodes else "",
    )


def _address(pod: Object, family: str) -> str:
    status = pod.get("status") or {}
    ips = [entry["ip"] for entry in status.get("podIPs") or ()] or [status.get("podIP") or ""]
    return next((ip for ip in ips if ip and (":" in ip) == (family == "IPv6")), "")


def _ports(service: Object, pod: Object) -> Iterator[Port]:
    """The Service's ports as this pod has them; a name that the pod does not have is left out."""
    for port in service["spec"].get("ports") or ():
        protocol = port.get("protocol", "TCP")
        number = _number(port.get("targetPort") or port["port"], protocol, pod)
        if number:
            yield Port(port.get("name") or "", protocol, number, port.get("appProtocol") or "")


def _number(target: int | str, protocol: str, pod: Object) -> int | None:
    if isinstance(target, int) or target.isdecimal():
        return int(target)
    for container in _serving_containers(pod["spec"]):
        for port in container.get("ports") or ():
            if port.get("name") == target and port.get("protocol", "TCP") == protocol:
                return int(port["containerPort"])
    return None


def _serving_containers(spec: Object) -> Iterator[Object]:
    yield from spec["containers"]
    yield from (c for c in spec.get("initContainers") or () if c.get("restartPolicy") == "Always")
