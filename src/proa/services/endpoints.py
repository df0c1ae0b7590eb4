"""Which endpoints of a Service take connections: readiness, termination, locality, topology hints.

Source: KEP-1669 (terminating endpoints), KEP-2433 and KEP-4444 (topology hints), KEP-2086 (internal policy).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from proa.kube import Object
from proa.kube.slim import SlicedEndpoint, Traits
from proa.services.model import Endpoint, Node

_ADDRESS_TYPES = {4: "IPv4", 6: "IPv6"}


class Groups(NamedTuple):
    """Endpoints for traffic that may go to any node, and for traffic that must stay on this one.

    `ready` are the local ones that do not terminate: what a load balancer is told of.
    """

    cluster: tuple[Endpoint, ...]
    local: tuple[Endpoint, ...]
    ready: tuple[Endpoint, ...] = ()


class _Candidate(NamedTuple):
    endpoint: Endpoint
    traits: Traits


def groups(slices: Iterable[Object], family: int, port_name: str, node: Node) -> Groups:
    """The endpoints behind the port of that name, in a stable order; slices are as `slim_slice` makes them.

    Those that terminate but still serve answer only when no ready one is left.
    """
    candidates = _candidates(slices, _ADDRESS_TYPES[family], port_name, node.name)
    ready = [candidate for candidate in candidates if candidate.traits.ready]
    near = [candidate for candidate in ready if candidate.endpoint.local]
    local = near or [candidate for candidate in candidates if candidate.endpoint.local]
    cluster = _close(ready, node) or candidates
    return Groups(_endpoints(cluster), _endpoints(local), _endpoints(near))


def _candidates(slices: Iterable[Object], kind: str, port_name: str, node_name: str) -> list[_Candidate]:
    """All that serve, each address and port once; a slice that says ready wins over one that does not."""
    found: dict[tuple[str, int], _Candidate] = {}
    for part in slices:
        port = _port(part, port_name) if part.get("addressType") == kind else None
        if port is None:
            continue
        endpoints: tuple[SlicedEndpoint, ...] = part["endpoints"]
        for address, traits in ((each.address, each.traits) for each in endpoints):
            if traits.ready or (address, port) not in found:
                endpoint = Endpoint(address, port, traits.node == node_name)
                found[address, port] = _Candidate(endpoint, traits)
    return list(found.values())


def _port(part: Object, name: str) -> int | None:
    for port in part.get("ports") or ():
        if (port.get("name") or "") == name:
            number = port.get("port")
            return int(number) if number else None
    return None


def _close(ready: list[_Candidate], node: Node) -> list[_Candidate]:
    """Those that the hints give to this node or zone; all when a hint lacks or none is for us."""
    for hints, here in (("nodes", node.name), ("zones", node.zone)):
        if all(getattr(candidate.traits, hints) for candidate in ready):
            ours = [candidate for candidate in ready if here in getattr(candidate.traits, hints)]
            if ours:
                return ours
    return ready


def _endpoints(candidates: list[_Candidate]) -> tuple[Endpoint, ...]:
    return tuple(sorted(candidate.endpoint for candidate in candidates))
