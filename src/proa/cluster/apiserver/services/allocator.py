"""Gives Services their cluster addresses and node ports (source: Service API; KEP-3070, KEP-3668).

What is in use follows from the Services in the store, so nothing can be given twice or be lost.
Between a decision and its write the number is reserved; `Request.undo` gives it back on failure.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Any

from proa.cluster.apiserver.admission.request import Request
from proa.cluster.apiserver.schema import invalid
from proa.cluster.apiserver.schema.field_error import FieldError, invalid_value
from proa.cluster.apiserver.services import families
from proa.cluster.apiserver.services.pool import Pool
from proa.cluster.apiserver.services.transitions import drop_what_type_lacks
from proa.cluster.apiserver.target import object_key
from proa.cluster.apiserver.view import View
from proa.errors import InternalError
from proa.kube.resources import SERVICES, Object

NO_ADDRESS = "None"
_WITH_NODE_PORTS = ("NodePort", "LoadBalancer")


class ServiceAllocator:
    """An admission step, and the keeper of its two pools."""

    def __init__(self, cidr: str, node_ports: tuple[int, int]) -> None:
        network = ipaddress.ip_network(cidr)
        self._first = int(network.network_address) + 1
        last = int(network.broadcast_address) - 1
        static = min(max(16, network.num_addresses // 16), 256)
        self.addresses = Pool(self._first, last, min(self._first + static, last))
        low, high = node_ports
        self.ports = Pool(low, high, min(low + min(max(16, (high - low + 1) // 32), 128), high))
        self._family = f"IPv{network.version}"
        self._cidr = cidr

    @property
    def first_address(self) -> str:
        """The address of the API server's own Service."""
        return str(ipaddress.ip_address(self._first))

    def observe(self, now: Object | None, before: Object | None) -> None:
        """Follow a change of a Service in the store."""
        held = set(_numbers(now)) if now else set()
        for pool_name, number in set(_numbers(before) if before else ()) - held:
            self._pool(pool_name).release(number, _owner(before or {}))
        for pool_name, number in held:
            self._pool(pool_name).take(number, _owner(now or {}))

    def _pool(self, name: str) -> Pool:
        return self.addresses if name == "address" else self.ports

    def admit(self, request: Request, _view: View) -> None:
        """Fill in addresses and ports. Raises Invalid for one that is taken or out of range."""
        if request.operation == "DELETE" or request.target.subresource:
            return
        service = request.obj
        if not service["metadata"].get("name"):
            return
        if request.old:
            drop_what_type_lacks(service, request.old)
        spec, old = service["spec"], (request.old or {}).get("spec") or {}
        _keep(spec, old)
        if spec["type"] == "ExternalName":
            return
        errors = list(families.settle(spec, self._family))
        if errors := errors or [*self._give_address(request, spec), *self._give_ports(request, spec)]:
            raise invalid("Service", "", service["metadata"]["name"], errors)

    def _give_address(self, request: Request, spec: Object) -> Iterator[FieldError]:
        wanted = spec.get("clusterIP") or next(iter(spec.get("clusterIPs") or ()), "")
        if wanted and wanted != NO_ADDRESS:
            if problem := self._claim(request, wanted):
                yield invalid_value("spec.clusterIPs", [wanted], problem)
        elif not wanted:
            number = self._picked(request, self.addresses, "serviceIP")
            wanted = str(ipaddress.ip_address(number))
        spec["clusterIP"], spec["clusterIPs"] = wanted, [wanted]

    def _claim(self, request: Request, text: str) -> str:
        """Why a certain address cannot be given; empty when it is."""
        try:
            number = int(ipaddress.ip_address(text))
        except ValueError:
            return "must be a valid IP address"
        if number not in self.addresses:
            why = f"the provided IP is not in the valid range. The range of valid IPs is {self._cidr}"
        else:
            why = "" if _reserve(request, self.addresses, number) else "provided IP is already allocated"
        return f"failed to allocate IP {text}: {why}" if why else ""

    def _give_ports(self, request: Request, spec: Object) -> Iterator[FieldError]:
        if spec["type"] not in _WITH_NODE_PORTS:
            return
        ports = spec.get("ports") or ()
        chosen = {port["port"]: port["nodePort"] for port in reversed(ports) if port.get("nodePort")}
        for index, port in enumerate(ports):
            number = port.get("nodePort")
            if number:
                yield from self._claim_port(request, index, number)
            elif port["port"] in chosen:  # one number for all protocols of a port
                port["nodePort"] = chosen[port["port"]]
            elif spec.get("allocateLoadBalancerNodePorts") is not False:
                chosen[port["port"]] = port["nodePort"] = self._picked(request, self.ports, "nodePort")
        if (
            spec["type"] == "LoadBalancer"
            and spec.get("externalTrafficPolicy") == "Local"
            and not spec.get("healthCheckNodePort")
        ):
            spec["healthCheckNodePort"] = self._picked(request, self.ports, "nodePort")

    def _claim_port(self, request: Request, index: int, number: int) -> Iterator[FieldError]:
        field = f"spec.ports[{index}].nodePort"
        if number not in self.ports:
            yield invalid_value(field, number, "provided port is not in the valid range")
        elif not _reserve(request, self.ports, number):
            yield invalid_value(field, number, "provided port is already allocated")

    def _picked(self, request: Request, pool: Pool, what: str) -> int:
        owner = _owner(request.obj)
        number = pool.pick(owner)
        if number is None:
            raise InternalError(f"failed to allocate a {what}: range is full")
        request.undo.append(lambda: pool.release(number, owner))
        return number


def _reserve(request: Request, pool: Pool, number: int) -> bool:
    owner, had = _owner(request.obj), pool.owner(number)
    if not pool.take(number, owner):
        return False
    if had is None:
        request.undo.append(lambda: pool.release(number, owner))
    return True


def _owner(service: Object) -> str:
    metadata = service["metadata"]
    return object_key(SERVICES, metadata["name"], metadata["namespace"])


def _numbers(service: Object) -> Iterator[tuple[str, int]]:
    """What a stored Service holds."""
    spec: dict[str, Any] = service["spec"]
    for address in spec.get("clusterIPs") or ():
        if address != NO_ADDRESS:
            yield "address", int(ipaddress.ip_address(address))
    for port in spec.get("ports") or ():
        if port.get("nodePort"):
            yield "port", port["nodePort"]
    if spec.get("healthCheckNodePort"):
        yield "port", spec["healthCheckNodePort"]


def _keep(spec: Object, old: Object) -> None:
    """An update that leaves addresses or ports open keeps those that it has."""
    if not old or spec["type"] == "ExternalName" or old["type"] == "ExternalName":
        return
    for name in ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"):
        if not spec.get(name) and old.get(name):
            spec[name] = old[name]
    if spec["type"] not in _WITH_NODE_PORTS:
        return
    known = {(p["port"], p.get("protocol")): p.get("nodePort") for p in old.get("ports") or ()}
    for port in spec.get("ports") or ():
        if not port.get("nodePort") and (number := known.get((port["port"], port.get("protocol")))):
            port["nodePort"] = number
