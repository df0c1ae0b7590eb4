"""What is kept of Services, EndpointSlices and Nodes by those who follow all of them on every node.

As the API tells them 200,000 endpoints are 300 MB, most of which nobody on a node reads.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from sys import intern

import msgspec

from proa.kube.resources import Object

_METADATA = ("name", "namespace", "resourceVersion", "labels")
_SPEC = (
    "type",
    "clusterIP",
    "clusterIPs",
    "externalIPs",
    "externalName",
    "externalTrafficPolicy",
    "healthCheckNodePort",
    "internalTrafficPolicy",
    "loadBalancerSourceRanges",
    "sessionAffinity",
    "sessionAffinityConfig",
)


class Traits(msgspec.Struct, frozen=True):
    """What endpoints have in common with others; `zones` and `nodes` are those that they are hinted to.

    One that is not ready ends, and serves until then.
    """

    ready: bool
    node: str = ""
    hostname: str = ""
    zones: frozenset[str] = frozenset()
    nodes: frozenset[str] = frozenset()


class SlicedEndpoint(msgspec.Struct, frozen=True, gc=False):
    """An endpoint that takes connections."""

    address: str
    traits: Traits


def slim_slice(part: Object) -> Object:
    """An EndpointSlice whose `endpoints` are a tuple of SlicedEndpoint."""
    return {
        "metadata": _metadata(part),
        "addressType": intern(part.get("addressType") or ""),
        "ports": _ports_of(part),
        "endpoints": tuple(_endpoints(part)),
    }


def slim_service(service: Object) -> Object:
    """A Service with its addresses, ports and policies."""
    told = service.get("spec") or {}
    spec = {name: told[name] for name in _SPEC if told.get(name)} | {"ports": _ports_of(told)}
    slim = {"metadata": _metadata(service), "spec": spec}
    balancer = (service.get("status") or {}).get("loadBalancer")
    return slim | {"status": {"loadBalancer": balancer}} if balancer else slim


def slim_node(node: Object) -> Object:
    """A Node with its labels and addresses."""
    addresses = (node.get("status") or {}).get("addresses") or []
    return {"metadata": _metadata(node), "status": {"addresses": addresses}}


def _metadata(obj: Object) -> Object:
    found = {name: obj["metadata"][name] for name in _METADATA if obj["metadata"].get(name)}
    if "namespace" in found:
        found["namespace"] = intern(found["namespace"])
    return found


def _ports_of(told: Object) -> list[Object]:
    return _ports(msgspec.json.encode(told.get("ports") or ()))


@lru_cache(maxsize=4096)
def _ports(encoded: bytes) -> list[Object]:
    """Many have the same ports; one list serves all of them."""
    found: list[Object] = msgspec.json.decode(encoded)
    return found


def _endpoints(part: Object) -> Iterator[SlicedEndpoint]:
    for entry in part.get("endpoints") or ():
        conditions = entry.get("conditions") or {}
        ready = conditions.get("ready") is not False
        lingers = conditions.get("terminating") is True and conditions.get("serving") is True
        if (ready or lingers) and entry.get("addresses"):
            traits = _traits(ready, entry.get("nodeName"), entry.get("hostname"), *_hints(entry.get("hints")))
            yield SlicedEndpoint(entry["addresses"][0], traits)


def _hints(hints: Object | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The zones and the nodes that an endpoint is hinted to."""
    if not hints:
        return (), ()
    zones, nodes = (
        tuple(place["name"] for place in hints.get(kind) or ()) for kind in ("forZones", "forNodes")
    )
    return zones, nodes


@lru_cache(maxsize=8192)
def _traits(
    ready: bool, node: str | None, hostname: str | None, zones: tuple[str, ...], nodes: tuple[str, ...]
) -> Traits:
    return Traits(ready, node or "", hostname or "", frozenset(zones), frozenset(nodes))
