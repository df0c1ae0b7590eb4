"""Connection tracking: list flows and forget them, so that their next packet is looked at anew.

A flow that was translated keeps its translation for as long as packets come; for UDP that may be for
ever. Source: linux/netfilter/nfnetlink_conntrack.h; the filter of a listing needs Linux 5.8.
"""

from __future__ import annotations

import errno
import struct
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

from proa.kernel.netlink import NETLINK_NETFILTER, Answer, Message, Netlink, attribute, attributes

TCP, UDP, SCTP = 6, 17, 132

_GET, _DELETE = 1 << 8 | 1, 1 << 8 | 2
_ORIGINAL, _REPLY, _ID, _FILTER = 1, 2, 12, 25
_IP, _PROTO = 1, 2
_PROTO_NUMBER, _SOURCE_PORT, _DESTINATION_PORT = 1, 2, 3
_ADDRESSES = {4: (1, 2), 6: (3, 4)}
_FILTER_ORIGINAL, _FILTER_REPLY = 1, 2
_BY_DESTINATION, _BY_PROTOCOL, _BY_PORT = 1 << 1, 1 << 3, 1 << 5
_NESTED = 0x8000
_FAMILIES = {4: 2, 6: 10}

IPAddress = IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True)
class Direction:
    """One direction of a flow; the ports of a protocol without ports are 0."""

    source: IPAddress
    source_port: int
    destination: IPAddress
    destination_port: int


@dataclass(frozen=True, slots=True)
class Flow:
    """A tracked flow: what its first packet said, and what its replies say."""

    protocol: int
    original: Direction
    reply: Direction
    identity: bytes


def connect() -> Netlink:
    """A socket for connection tracking in the calling thread's network namespace."""
    return Netlink(NETLINK_NETFILTER)


def flows_to(netlink: Netlink, protocol: int, destination: IPAddress, port: int) -> list[Flow]:
    """The flows whose first packet went to that address and port; the kernel does the search."""
    asked = _nested(_IP, attribute(_ADDRESSES[destination.version][1], destination.packed))
    what = f"list flows to {destination} port {port}"
    by = _BY_DESTINATION | _BY_PROTOCOL | _BY_PORT
    return _flows(netlink, destination.version, asked + _to_port(protocol, port), by, what)


def flows(netlink: Netlink, protocol: int, version: int) -> list[Flow]:
    """All flows of a protocol and an IP version."""
    asked = _nested(_PROTO, attribute(_PROTO_NUMBER, bytes([protocol])))
    return _flows(netlink, version, asked, _BY_PROTOCOL, f"list IPv{version} flows of protocol {protocol}")


def flows_to_port(netlink: Netlink, protocol: int, version: int, port: int) -> list[Flow]:
    """The flows of an IP version whose first packet went to that port, of whichever address."""
    by = _BY_PROTOCOL | _BY_PORT
    return _flows(netlink, version, _to_port(protocol, port), by, f"list IPv{version} flows to port {port}")


def _flows(netlink: Netlink, version: int, asked: bytes, by: int, what: str) -> list[Flow]:
    flags = attribute(_FILTER_ORIGINAL, by) + attribute(_FILTER_REPLY, 0)
    body = _header(version) + _nested(_ORIGINAL, asked) + _nested(_FILTER, flags)
    return [parse(answer) for answer in netlink.dump(Message(_GET, body, what=what))]


def _to_port(protocol: int, port: int) -> bytes:
    number = attribute(_PROTO_NUMBER, bytes([protocol]))
    return _nested(_PROTO, number + attribute(_DESTINATION_PORT, struct.pack("!H", port)))


def remove(flow: Flow) -> Message:
    """Forgets a flow; one that has ended is no failure."""
    version = flow.original.source.version
    body = _header(version) + _nested(_ORIGINAL, _tuple(flow)) + attribute(_ID, flow.identity)
    return Message(_DELETE, body, what=f"forget the flow {flow.original}", ignore=(errno.ENOENT,))


def parse(answer: Answer) -> Flow:
    """The flow that a message describes."""
    found = attributes(answer.body, 4)
    protocol, original = _direction(found[_ORIGINAL])
    return Flow(protocol, original, _direction(found[_REPLY])[1], found.get(_ID, b""))


def _direction(data: bytes) -> tuple[int, Direction]:
    parts = attributes(data)
    addresses, proto = attributes(parts[_IP]), attributes(parts[_PROTO])
    source, destination = _ADDRESSES[4] if _ADDRESSES[4][0] in addresses else _ADDRESSES[6]
    return proto[_PROTO_NUMBER][0], Direction(
        ip_address(addresses[source]),
        int.from_bytes(proto.get(_SOURCE_PORT, b"")[:2], "big"),
        ip_address(addresses[destination]),
        int.from_bytes(proto.get(_DESTINATION_PORT, b"")[:2], "big"),
    )


def _tuple(flow: Flow) -> bytes:
    way = flow.original
    source, destination = _ADDRESSES[way.source.version]
    addresses = attribute(source, way.source.packed) + attribute(destination, way.destination.packed)
    ports = attribute(_SOURCE_PORT, struct.pack("!H", way.source_port))
    ports += attribute(_DESTINATION_PORT, struct.pack("!H", way.destination_port))
    return _nested(_IP, addresses) + _nested(_PROTO, attribute(_PROTO_NUMBER, bytes([flow.protocol])) + ports)


def _header(version: int) -> bytes:
    return struct.pack("=BBH", _FAMILIES[version], 0, 0)


def _nested(kind: int, value: bytes) -> bytes:
    return attribute(kind | _NESTED, value)
