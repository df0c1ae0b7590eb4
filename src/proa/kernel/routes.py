"""Routes of the main table. Source: rtnetlink(7), linux/rtnetlink.h."""

from __future__ import annotations

import errno
import socket
import struct
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from proa.kernel.netlink import (
    NLM_F_CREATE,
    NLM_F_REPLACE,
    Answer,
    Message,
    Netlink,
    attribute,
    attributes,
    u32,
)

RTM_NEWROUTE, RTM_DELROUTE, RTM_GETROUTE = 24, 25, 26
PROTOCOL = 142
"""What marks a route as proa's own (`ip route show proto 142`); no other routing program uses it."""

_RTA_DST, _RTA_OIF, _RTA_GATEWAY, _RTA_PREFSRC, _RTA_TABLE = 1, 4, 5, 7, 15
_RTMSG = struct.Struct("=BBBBBBBBI")
STATIC = 4
"""The protocol of routes that an administrator would set by hand."""

_MAIN, _UNICAST, _UNREACHABLE, _SCOPE_UNIVERSE, _SCOPE_LINK, _ONLINK = 254, 1, 7, 0, 253, 4

Network = IPv4Network | IPv6Network
IPAddress = IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True)
class Route:
    """A route over the device `index`, by `via` or directly attached.

    Without a device (index 0) the destination is unreachable: senders are told so, and no packet
    takes a less specific route instead.
    """

    destination: Network
    index: int
    via: IPAddress | None = None
    onlink: bool = False
    source: IPAddress | None = None
    protocol: int = PROTOCOL


def default(version: int) -> Network:
    """The destination of a default route."""
    return ip_network("0.0.0.0/0" if version == 4 else "::/0")


def host(address: IPAddress) -> Network:
    """The destination of one address."""
    return ip_network(address)


def all_routes(netlink: Netlink) -> list[Route]:
    """Every unicast or unreachable route of the main tables, IPv4 and IPv6."""
    request = Message(RTM_GETROUTE, _RTMSG.pack(0, 0, 0, 0, 0, 0, 0, 0, 0), what="list routes")
    parsed = (parse(answer) for answer in netlink.dump(request))
    return [route for route in parsed if route]


def add(route: Route) -> Message:
    """Adds a route; takes the place of another one to the same destination."""
    flags = NLM_F_CREATE | NLM_F_REPLACE
    return Message(RTM_NEWROUTE, _body(route), flags, what=f"add route {_words(route)}")


def remove(route: Route) -> Message:
    """Deletes a route; one that is not there is no failure."""
    gone = (errno.ESRCH, errno.ENODEV)
    return Message(RTM_DELROUTE, _body(route), what=f"delete route {_words(route)}", ignore=gone)


def parse(answer: Answer) -> Route | None:
    """The route that a message describes; None when it is of another kind or not of the main table."""
    family, bits, _, _, table, protocol, _, kind, flags = _RTMSG.unpack_from(answer.body)
    found = attributes(answer.body, _RTMSG.size)
    table = u32(found[_RTA_TABLE]) if _RTA_TABLE in found else table
    if table != _MAIN or (kind != _UNREACHABLE and (kind != _UNICAST or _RTA_OIF not in found)):
        return None
    nothing = bytes(4 if family == socket.AF_INET else 16)
    return Route(
        destination=ip_network((found.get(_RTA_DST, nothing), bits)),
        index=u32(found[_RTA_OIF]) if kind == _UNICAST else 0,
        via=ip_address(found[_RTA_GATEWAY]) if _RTA_GATEWAY in found else None,
        onlink=bool(flags & _ONLINK),
        source=ip_address(found[_RTA_PREFSRC]) if _RTA_PREFSRC in found else None,
        protocol=protocol,
    )


def _body(route: Route) -> bytes:
    version, bits = route.destination.version, route.destination.prefixlen
    family = socket.AF_INET if version == 4 else socket.AF_INET6
    kind = _UNICAST if route.index else _UNREACHABLE
    scope = _SCOPE_LINK if route.via is None and route.index and version == 4 else _SCOPE_UNIVERSE
    flags = _ONLINK if route.onlink else 0
    body = _RTMSG.pack(family, bits, 0, 0, _MAIN, route.protocol, scope, kind, flags)
    body += attribute(_RTA_DST, route.destination.network_address.packed) if bits else b""
    body += attribute(_RTA_OIF, route.index) if route.index else b""
    body += attribute(_RTA_GATEWAY, route.via.packed) if route.via else b""
    return body + (attribute(_RTA_PREFSRC, route.source.packed) if route.source else b"")


def _words(route: Route) -> str:
    if not route.index:
        return f"{route.destination} to nobody"
    return f"{route.destination}{f' via {route.via}' if route.via else ''} on device {route.index}"
