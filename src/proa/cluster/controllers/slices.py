"""EndpointSlices of a Service: what they shall hold, and the fewest writes that make it so. Pure.

Source: discovery.k8s.io/v1; KEP-752.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from proa.cluster.controllers.service_pods import Backend, Port, backends, families, is_headless
from proa.cluster.controllers.topology_hints import hints
from proa.kube import ENDPOINT_SLICES, Object, annotations_of, labels_of, owner_reference

SERVICE_NAME = "kubernetes.io/service-name"
MANAGED_BY = "endpointslice.kubernetes.io/managed-by"
MANAGER = "endpointslice-controller.k8s.io"
HEADLESS = "service.kubernetes.io/headless"
CAPACITY = 100

Ports = tuple[Port, ...]
Group = tuple[str, Ports]
"""Address type and ports: endpoints that agree in both share slices."""


@dataclass(frozen=True)
class Template:
    """What all slices of one owner have in common."""

    service: str
    namespace: str
    labels: Mapping[str, str]
    owner: Object
    annotations: Mapping[str, str] | None = None
    """None where the slices' own are nobody's business here."""


@dataclass
class Plan:
    """Writes to make."""

    create: list[Object] = field(default_factory=list)
    update: list[Object] = field(default_factory=list)
    delete: list[Object] = field(default_factory=list)


def desired(
    service: Object, pods: Sequence[Object], nodes: Mapping[str, Object]
) -> dict[Group, dict[str, Object]]:
    """The endpoints of a Service by group and address; a family without any has one empty group.

    A pod of a node that does not exist is left out, unless the Service publishes whoever is not ready.
    """
    groups: dict[Group, dict[str, Object]] = {}
    publish = bool(service["spec"].get("publishNotReadyAddresses"))
    for family in families(service):
        found = [b for b in backends(service, pods, nodes, family) if publish or b.node in nodes]
        hinted = hints(service, found, nodes)
        for backend in found:
            endpoint = _endpoint(backend, hinted.get(backend.address))
            groups.setdefault((family, backend.ports), {})[backend.address] = endpoint
        if not found:
            groups[family, ()] = {}
    return groups


def template(service: Object) -> Template:
    """The slices of a Service that selects pods: they have its labels and go with it."""
    metadata = service["metadata"]
    labels = dict(labels_of(service)) | {SERVICE_NAME: metadata["name"], MANAGED_BY: MANAGER}
    labels.pop(HEADLESS, None)
    if is_headless(service):
        labels[HEADLESS] = ""
    return Template(metadata["name"], metadata["namespace"], labels, owner_reference(service))


def plan(
    template: Template, existing: Sequence[Object], wanted: Mapping[Group, Mapping[str, Object]]
) -> Plan:
    """How the existing slices become the wanted endpoints; an endpoint stays in its slice if it can."""
    result = Plan()
    by_group: dict[Group, list[Object]] = {}
    for part in existing:
        by_group.setdefault(_group_of(part), []).append(part)
    for group, endpoints in wanted.items():
        _fill(result, template, group, by_group.pop(group, []), endpoints, existing)
    result.delete += [part for parts in by_group.values() for part in parts]
    return result


def _fill(
    result: Plan,
    template: Template,
    group: Group,
    parts: Sequence[Object],
    endpoints: Mapping[str, Object],
    existing: Sequence[Object],
) -> None:
    rest = dict(endpoints)
    contents = [[rest.pop(a) for a in _addresses(part) if a in rest] for part in parts]
    # Slices that change anyway take new endpoints first, then the fullest ones with room.
    for _, content in sorted(zip(parts, contents, strict=True), key=_preference):
        content += [rest.pop(address) for address in list(rest)[: CAPACITY - len(content)]]
    placeholder = parts[:1] if not endpoints else []
    for part, content in zip(parts, contents, strict=True):
        new = _slice(template, group, content, part)
        if not content and part not in placeholder:
            result.delete.append(part)
        elif _differ(new, part):
            result.update.append(new)
    taken = {part["metadata"]["name"] for part in existing}
    names = (name for name in _names(template, group) if name not in taken)
    chunks = [list(rest.values())[at : at + CAPACITY] for at in range(0, len(rest), CAPACITY)]
    for chunk in chunks or ([] if parts or endpoints else [[]]):
        result.create.append(_slice(template, group, chunk, {"metadata": {"name": next(names)}}))


def _differ(new: Object, old: Object) -> bool:
    """Whether a slice of the same group must be written."""
    if new["endpoints"] != (old.get("endpoints") or []):
        return True
    if annotations_of(new) != annotations_of(old):
        return True
    return any(new["metadata"][name] != old["metadata"].get(name) for name in ("labels", "ownerReferences"))


def _preference(entry: tuple[Object, list[Object]]) -> tuple[bool, int]:
    part, content = entry
    return content == (part.get("endpoints") or []), -len(content)


def _addresses(part: Object) -> Iterator[str]:
    return (endpoint["addresses"][0] for endpoint in part.get("endpoints") or ())


def _group_of(part: Object) -> Group:
    return part["addressType"], ports_of(part)


def ports_of(obj: Object) -> Ports:
    """The ports of a slice, or of a subset of Endpoints."""
    return tuple(
        Port(port.get("name") or "", port.get("protocol", "TCP"), port["port"], port.get("appProtocol") or "")
        for port in obj.get("ports") or ()
    )


def _slice(template: Template, group: Group, endpoints: list[Object], base: Object) -> Object:
    """`base` (an existing slice, or just a name) with this content."""
    metadata: Object = {
        "namespace": template.namespace,
        "labels": dict(template.labels),
        "ownerReferences": [template.owner],
    }
    if template.annotations is not None:
        metadata["annotations"] = dict(template.annotations)
    fresh = {"kind": ENDPOINT_SLICES.kind, "apiVersion": ENDPOINT_SLICES.api_version, "addressType": group[0]}
    content = {"endpoints": endpoints, "ports": [port_object(port) for port in group[1]]}
    return fresh | base | content | {"metadata": base["metadata"] | metadata}


def _names(template: Template, group: Group) -> Iterator[str]:
    """Names that do not depend on what the cache knows: a slice made twice by mistake is refused."""
    for number in itertools.count():
        seed = f"{template.owner['uid']} {group} {number}".encode()
        digest = int.from_bytes(hashlib.sha256(seed).digest()[:8], "big")
        suffix = "".join("bcdfghjklmnpqrstvwxz2456789"[digest // 27**place % 27] for place in range(5))
        yield f"{template.service[:57]}-{suffix}"


def port_object(port: Port) -> Object:
    """A port as EndpointSlices and Endpoints both write it."""
    found: Object = {"name": port.name, "protocol": port.protocol, "port": port.number}
    return found | ({"appProtocol": port.app_protocol} if port.app_protocol else {})


def target_reference(pod: Object) -> Object:
    """The pod that an endpoint stands for."""
    return {"kind": "Pod"} | {name: pod["metadata"][name] for name in ("namespace", "name", "uid")}


def _endpoint(backend: Backend, hinted: Object | None) -> Object:
    endpoint: Object = {
        "addresses": [backend.address],
        "conditions": {
            "ready": backend.ready,
            "serving": backend.serving,
            "terminating": backend.terminating,
        },
        "targetRef": target_reference(backend.pod),
    }
    more: dict[str, Any] = {"hostname": backend.hostname, "nodeName": backend.node, "zone": backend.zone}
    endpoint |= {name: value for name, value in more.items() if value}
    if hinted:
        endpoint["hints"] = hinted
    return endpoint
