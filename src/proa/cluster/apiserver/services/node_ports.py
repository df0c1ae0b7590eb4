"""Node ports of a Service."""

from __future__ import annotations

from collections.abc import Iterator

from proa.cluster.apiserver.admission.request import Request
from proa.cluster.apiserver.schema.field_error import FieldError, invalid_value
from proa.cluster.apiserver.services.pool import Pool
from proa.cluster.apiserver.services.reserving import picked, reserved
from proa.cluster.apiserver.target import object_key
from proa.errors import InternalError
from proa.kube.resources import SERVICES, Object

_TYPES = ("NodePort", "LoadBalancer")


def give(request: Request, pool: Pool, spec: Object) -> Iterator[FieldError]:
    """Fill in the ports that the type needs and that are not there. Raises InternalError without any left."""
    if spec["type"] not in _TYPES:
        return
    ports = spec.get("ports") or ()
    chosen = {port["port"]: port["nodePort"] for port in reversed(ports) if port.get("nodePort")}
    for index, port in enumerate(ports):
        number = port.get("nodePort")
        if number:
            yield from _claim(request, pool, index, number)
        elif port["port"] in chosen:  # one number for all protocols of a port
            port["nodePort"] = chosen[port["port"]]
        elif spec.get("allocateLoadBalancerNodePorts") is not False:
            chosen[port["port"]] = port["nodePort"] = _pick(request, pool)
    if _is_checked(spec):
        _give_check(request, pool, spec)


def _give_check(request: Request, pool: Pool, spec: Object) -> None:
    number = spec.get("healthCheckNodePort")
    if not number:
        spec["healthCheckNodePort"] = _pick(request, pool)
    elif problem := _problem(request, pool, number):
        raise InternalError(f"failed to allocate requested HealthCheck NodePort {number}: {problem}")


def _is_checked(spec: Object) -> bool:
    return spec["type"] == "LoadBalancer" and spec.get("externalTrafficPolicy") == "Local"


def _claim(request: Request, pool: Pool, index: int, number: int) -> Iterator[FieldError]:
    if problem := _problem(request, pool, number):
        yield invalid_value(f"spec.ports[{index}].nodePort", number, problem)


def _problem(request: Request, pool: Pool, number: int) -> str:
    """Why a certain port cannot be given; empty when it is."""
    if number not in pool:
        (span,) = pool.spans
        valid = f"The range of valid ports is {span.first}-{span.last}"
        return f"provided port is not in the valid range. {valid}"
    return "" if reserved(request, pool, number, _owner(request)) else "provided port is already allocated"


def _pick(request: Request, pool: Pool) -> int:
    number = picked(request, pool, _owner(request))
    if number is None:
        raise InternalError("failed to allocate a nodePort: range is full")
    return number


def _owner(request: Request) -> str:
    metadata = request.obj["metadata"]
    return object_key(SERVICES, metadata["name"], metadata["namespace"])
