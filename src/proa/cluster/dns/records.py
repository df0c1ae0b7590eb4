"""The records of one Service. Pure. Source: Kubernetes DNS-Based Service Discovery, version 1.1.0."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from proa.cluster.dns import wire
from proa.kube import Object
from proa.kube.slim import SlicedEndpoint

Records = dict[str, dict[int, list[bytes]]]
"""By name and type, data in wire form. A name without records exists nevertheless."""


class _Member(NamedTuple):
    """An endpoint of a headless Service: its address, its own name, its ports."""

    address: str
    name: str
    ports: tuple[tuple[str, str, int], ...]


def records(service: Object, slices: Iterable[Object], domain: str) -> Records:
    """What DNS knows of a Service; `slices`, as `slim_slice` makes them, matter only when it is headless."""
    metadata, spec = service["metadata"], service["spec"]
    base = f"{metadata['name']}.{metadata['namespace']}.svc.{domain}"
    if spec.get("type") == "ExternalName":
        return {base: {wire.CNAME: [wire.encode_name(spec["externalName"])]}}
    if spec.get("clusterIP") == "None":
        return _headless(base, slices)
    return _with_address(base, spec)


def _with_address(base: str, spec: Object) -> Records:
    found: Records = {base: {}}
    for ip in spec.get("clusterIPs") or filter(None, [spec.get("clusterIP")]):
        _add(found, base, *wire.address_data(ip))
        _add(found, wire.reverse_name(ip), wire.PTR, wire.encode_name(base))
    for port in spec.get("ports") or ():
        if port.get("name"):
            owner = _service_name(port["name"], port.get("protocol", "TCP"), base)
            _add(found, owner, wire.SRV, wire.srv_data(port["port"], base))
    return found


def _headless(base: str, slices: Iterable[Object]) -> Records:
    found: Records = {base: {}}
    for member in _members(slices):
        name = f"{member.name}.{base}"
        for owner in (base, name):
            _add(found, owner, *wire.address_data(member.address))
        _add(found, wire.reverse_name(member.address), wire.PTR, wire.encode_name(name))
        for port, protocol, number in member.ports:
            _add(found, _service_name(port, protocol, base), wire.SRV, wire.srv_data(number, name))
    return found


def _members(slices: Iterable[Object]) -> Iterator[_Member]:
    for part in slices:
        if part.get("addressType") not in ("IPv4", "IPv6"):
            continue
        ports = tuple(
            (port["name"], port.get("protocol", "TCP"), port["port"])
            for port in part.get("ports") or ()
            if port.get("name") and port.get("port")
        )
        endpoints: tuple[SlicedEndpoint, ...] = part["endpoints"]
        for endpoint in endpoints:
            if endpoint.traits.ready:
                yield _Member(endpoint.address, endpoint.traits.hostname or dashed(endpoint.address), ports)


def dashed(address: str) -> str:
    """The name of an endpoint or pod that has none of its own."""
    return address.replace(".", "-").replace(":", "-")


def undashed(label: str) -> str | None:
    """The address that a dashed name stands for."""
    for separator in (".", ":"):
        try:
            address = label.replace("-", separator)
            wire.address_data(address)
        except ValueError:
            continue
        return address
    return None


def _service_name(port: str, protocol: str, base: str) -> str:
    return f"_{port}._{protocol.lower()}.{base}"


def _add(found: Records, name: str, kind: int, data: bytes) -> None:
    present = found.setdefault(name, {}).setdefault(kind, [])
    if data not in present:
        present.append(data)
