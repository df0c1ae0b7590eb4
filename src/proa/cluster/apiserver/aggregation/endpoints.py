"""Which address of a Service to ask. Pure.

Source: apiserver pkg/util/proxy (ResolveEndpoint) and the aggregator's availability controller.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from proa.errors import ServiceUnavailable
from proa.kube.resources import Object


class Address(NamedTuple):
    """Where a connection goes, and the endpoint that is there."""

    host: str
    port: int
    endpoint: Object


def port_name(service: Object, port: int) -> str | None:
    """The name of the Service's port with that number; None when it has no such port."""
    for entry in service["spec"].get("ports") or ():
        if entry["port"] == port:
            return str(entry.get("name") or "")
    return None


def addresses(slices: Iterable[Object], name: str, families: Sequence[str] = ()) -> list[Address]:
    """The ready addresses that serve the named port; those of the Service's first family come first."""
    found = [(part.get("addressType"), address) for part in slices for address in _ready(part, name)]
    first = families[0] if families else ""
    return [address for _, address in sorted(found, key=lambda pair: pair[0] != first)]


def choose(service: Object, slices: Sequence[Object], port: int) -> Address:
    """One of the Service's endpoints, at random. Raises ServiceUnavailable with upstream's messages."""
    spec, service_name = service["spec"], service["metadata"]["name"]
    if spec.get("type") == "ExternalName":
        raise ServiceUnavailable('unsupported service type "ExternalName"')
    name = port_name(service, port)
    if name is None:
        raise ServiceUnavailable(f'no service port {port} found for service "{service_name}"')
    families = spec.get("ipFamilies") or ()
    found = addresses(slices, name, families)
    if not found:
        raise ServiceUnavailable(f'no endpoints available for service "{service_name}"')
    same = [address for address in found if (":" in address.host) == (":" in found[0].host)]
    return random.choice(same)


def _ready(part: Object, name: str) -> Iterator[Address]:
    for port in part.get("ports") or ():
        if (port.get("name") or "") != name or port.get("port") is None:
            continue
        for endpoint in part.get("endpoints") or ():
            if (endpoint.get("conditions") or {}).get("ready") is not False:
                yield Address(endpoint["addresses"][0], port["port"], endpoint)
