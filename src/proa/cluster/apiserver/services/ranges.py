"""From networks to the numbers that Services may have (source: KEP-3070, ServiceCIDR API). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import ip_address, ip_network

from proa.cluster.apiserver.services.pool import Span
from proa.kube.meta import is_deleting
from proa.kube.resources import Object

DEFAULT = "kubernetes"
"""The ServiceCIDR of the cluster's own configuration."""
_STATIC_LEAST, _STATIC_MOST, _STATIC_SHARE = 16, 256, 16


def family_of(text: str) -> str:
    """`IPv4` or `IPv6`, of an address or network."""
    return "IPv6" if ":" in text else "IPv4"


def address_text(number: int, family: str) -> str:
    """An address as the API writes it; small numbers are addresses of IPv6 too."""
    size = 4 if family == "IPv4" else 16
    return str(ip_address(number.to_bytes(size, "big")))


def span(cidr: str) -> Span:
    """All of a network but its first address and, with IPv4, its last.

    The lower part is left to those who ask for a certain address: a sixteenth, 16 to 256 of them.
    """
    network = ip_network(cidr)
    first = int(network.network_address) + 1
    last = int(network.broadcast_address) - (network.version == 4)
    static = min(max(_STATIC_LEAST, network.num_addresses // _STATIC_SHARE), _STATIC_MOST)
    return Span(first, last, first + static if last - first >= static else first)


def networks(ranges: Iterable[Object], family: str) -> Iterator[str]:
    """The networks of a family that may be given from, each once, the cluster's own first."""
    usable = (each for each in ranges if is_usable(each))
    ordered = sorted(usable, key=lambda each: (each["metadata"]["name"] != DEFAULT, each["metadata"]["name"]))
    found = (cidr for each in ordered for cidr in each["spec"].get("cidrs") or ())
    return iter(dict.fromkeys(cidr for cidr in found if family_of(cidr) == family))


def is_usable(service_cidr: Object) -> bool:
    """Whether addresses are given from a ServiceCIDR: it stays, and nobody says that it is not ready."""
    conditions = (service_cidr.get("status") or {}).get("conditions") or ()
    ready = all(each["status"] == "True" for each in conditions if each["type"] == "Ready")
    return ready and not is_deleting(service_cidr)
