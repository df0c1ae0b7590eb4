"""Gives Services their cluster addresses and node ports (source: Service API; KEP-3070, KEP-3668).

What is in use follows from the Services in the store, so nothing can be given twice or be lost.
Between a decision and its write the number is reserved; `Request.undo` gives it back on failure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import ip_address, ip_network
from typing import Any

from proa.cluster.apiserver.admission.request import Request
from proa.cluster.apiserver.schema import invalid
from proa.cluster.apiserver.schema.field_error import FieldError, invalid_value
from proa.cluster.apiserver.services import families, node_ports, ranges
from proa.cluster.apiserver.services.families import NO_ADDRESS
from proa.cluster.apiserver.services.ip_addresses import addresses_of, is_managed
from proa.cluster.apiserver.services.pool import Pool, Span
from proa.cluster.apiserver.services.ranges import address_text, family_of
from proa.cluster.apiserver.services.reserving import picked, reserved
from proa.cluster.apiserver.services.transitions import (
    align_addresses,
    drop_what_type_lacks,
    keep_what_was_given,
)
from proa.cluster.apiserver.target import key_prefix, object_key
from proa.cluster.apiserver.view import View
from proa.errors import InternalError
from proa.kube.resources import IP_ADDRESSES, SERVICES, Object

_SERVICES = key_prefix(SERVICES)


class ServiceAllocator:
    """An admission step, and the keeper of its pools: one of each IP family, and one of node ports."""

    def __init__(self, cidrs: Sequence[str], node_port_range: tuple[int, int]) -> None:
        self._configured = tuple(cidrs)
        self.families = tuple(family_of(cidr) for cidr in cidrs)
        """Those of the cluster, the primary first."""
        self.addresses = {family_of(cidr): Pool(ranges.span(cidr)) for cidr in cidrs}
        low, high = node_port_range
        static = min(max(16, (high - low + 1) // 32), 128)
        self.ports = Pool(Span(low, high, min(low + static, high)))
        self._ranges: dict[str, Object] = {}

    def holder(self, address: str) -> tuple[str, str] | None:
        """Namespace and name of the Service that has an address, or is about to."""
        pool = self.addresses.get(family_of(address))
        owner = (pool.owner(int(ip_address(address))) if pool else None) or ""
        if not owner.startswith(_SERVICES):
            return None
        namespace, _, name = owner.removeprefix(_SERVICES).partition("/")
        return namespace, name

    @property
    def first_address(self) -> str:
        """The address of the API server's own Service."""
        return str(ip_network(self._configured[0])[1])

    def observe(self, now: Object | None, before: Object | None) -> None:
        """Follow a change of a Service in the store."""
        self._follow(set(_numbers(now)), set(_numbers(before)), _owner(now or before or {}))

    def observe_address(self, now: Object | None, before: Object | None) -> None:
        """Follow a change of an IPAddress in the store: those that are not of Services are somebody's."""
        key = object_key(IP_ADDRESSES, (now or before or {})["metadata"]["name"])
        self._follow(_reserved_by(now), _reserved_by(before), key)

    def observe_range(self, now: Object | None, before: Object | None) -> None:
        """Follow a change of a ServiceCIDR in the store."""
        name = (now or before or {})["metadata"]["name"]
        if now is None:
            del self._ranges[name]
        else:
            self._ranges[name] = now
        for family, pool in self.addresses.items():
            pool.spans = [ranges.span(cidr) for cidr in ranges.networks(self._ranges.values(), family)]

    def _follow(self, now: set[tuple[str, int]], before: set[tuple[str, int]], owner: str) -> None:
        for name, number in before - now:
            if (pool := self._pool(name)) is not None:
                pool.release(number, owner)
        for name, number in now:
            if (pool := self._pool(name)) is not None:
                pool.take(number, owner)

    def _pool(self, name: str) -> Pool | None:
        return self.ports if name == "port" else self.addresses.get(name)

    def admit(self, request: Request, _view: View) -> None:
        """Fill in addresses and ports. Raises Invalid for one that is taken or out of range."""
        if request.operation == "DELETE" or request.target.subresource:
            return
        service, old = request.obj, request.old
        if not service["metadata"].get("name"):
            return
        spec, before = service["spec"], (old or {}).get("spec") or {}
        if before:
            keep_what_was_given(spec, before)
        align_addresses(spec, before)
        errors = list(self._settle(request, spec, before))
        if errors:
            raise invalid("Service", "", service["metadata"]["name"], errors)
        if old:
            drop_what_type_lacks(service, old)

    def _settle(self, request: Request, spec: Object, old: Object) -> Iterator[FieldError]:
        if spec["type"] == "ExternalName":
            spec.pop("internalTrafficPolicy", None)
            return
        as_before = bool(old) and families.stays_as_it_is(spec, old)
        if errors := list(families.settle(spec, old, self.families)):
            yield from errors
            return
        if not as_before:
            yield from self._give_addresses(request, spec, old)
        yield from node_ports.give(request, self.ports, spec)

    def _give_addresses(self, request: Request, spec: Object, old: Object) -> Iterator[FieldError]:
        """All that a new Service needs; what exists is kept but for a second address that is new."""
        if spec.get("clusterIP") == NO_ADDRESS or NO_ADDRESS in (old.get("clusterIPs") or ()):
            return
        fresh = not old or old["type"] == "ExternalName"
        wanted = spec["ipFamilies"]
        if not fresh and len(wanted) <= len(old.get("ipFamilies") or ()):
            return
        texts = list(spec.get("clusterIPs") or ())
        texts += [""] * (len(wanted) - len(texts))
        for index in range(0 if fresh else 1, len(wanted)):
            if texts[index]:
                if problem := self._claim(request, texts[index]):
                    detail = f"failed to allocate IP {texts[index]}: {problem}"
                    yield invalid_value("spec.clusterIPs", texts, detail)
                    return
            else:
                texts[index] = self._pick(request, wanted[index])
        spec["clusterIP"], spec["clusterIPs"] = texts[0], texts

    def _claim(self, request: Request, text: str) -> str:
        """Why a certain address cannot be given; empty when it is."""
        number, pool = int(ip_address(text)), self.addresses[family_of(text)]
        if number not in pool:
            return "the provided network does not match the current range"
        free = reserved(request, pool, number, _owner(request.obj))
        return "" if free else "provided IP is already allocated"

    def _pick(self, request: Request, family: str) -> str:
        pool = self.addresses[family]
        if request.dry_run and pool.spans:  # none in particular, as upstream has it
            return address_text(pool.spans[0].first - 1, family)
        number = picked(request, pool, _owner(request.obj))
        if number is None:
            name = request.obj["metadata"]["name"]
            raise InternalError(f'failed to allocate a serviceIP for Service "{name}": range is full')
        return address_text(number, family)


def _owner(service: Object) -> str:
    metadata = service["metadata"]
    return object_key(SERVICES, metadata["name"], metadata["namespace"])


def _numbers(service: Object | None) -> Iterator[tuple[str, int]]:
    """What a stored Service holds: a family or `port`, and the number."""
    for address in addresses_of(service):
        yield family_of(address), int(ip_address(address))
    spec: dict[str, Any] = (service or {}).get("spec") or {}
    for port in spec.get("ports") or ():
        if port.get("nodePort"):
            yield "port", port["nodePort"]
    if spec.get("healthCheckNodePort"):
        yield "port", spec["healthCheckNodePort"]


def _reserved_by(address: Object | None) -> set[tuple[str, int]]:
    if address is None or is_managed(address):
        return set()
    name = address["metadata"]["name"]
    return {(family_of(name), int(ip_address(name)))}
