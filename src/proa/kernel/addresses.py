"""Addresses of devices. Source: rtnetlink(7), linux/if_addr.h."""

from __future__ import annotations

import errno
import socket
import struct
from dataclasses import dataclass, field
from ipaddress import IPv4Interface, IPv6Address, IPv6Interface, ip_address, ip_interface

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

RTM_NEWADDR, RTM_DELADDR, RTM_GETADDR = 20, 21, 22

_IFA_ADDRESS, _IFA_LOCAL, _IFA_BROADCAST, _IFA_FLAGS = 1, 2, 4, 8
_IFA_F_NODAD = 0x02
_IFA_F_SECONDARY, _IFA_F_DADFAILED, _IFA_F_DEPRECATED, _IFA_F_TENTATIVE = 0x01, 0x08, 0x20, 0x40
_PASSING = _IFA_F_SECONDARY | _IFA_F_DADFAILED | _IFA_F_DEPRECATED | _IFA_F_TENTATIVE
_IFADDR = struct.Struct("=BBBBI")

Interface = IPv4Interface | IPv6Interface


@dataclass(frozen=True, slots=True)
class Address:
    """An address with its prefix on the device `index`."""

    interface: Interface
    index: int
    lasting: bool = field(default=True, compare=False)
    """False for one that others had better not be told: temporary, deprecated, secondary, a duplicate."""

    @property
    def automatic(self) -> bool:
        """Whether the kernel gives it by itself (IPv6 link-local)."""
        return self.interface.version == 6 and self.interface.ip.is_link_local


def link_local(mac: str) -> IPv6Address:
    """The IPv6 link-local address that a device makes from its MAC (RFC 4291, appendix A)."""
    raw = bytes.fromhex(mac.replace(":", ""))
    return IPv6Address(b"\xfe\x80" + bytes(6) + bytes([raw[0] ^ 2]) + raw[1:3] + b"\xff\xfe" + raw[3:])


def all_addresses(netlink: Netlink) -> list[Address]:
    """Every address of the socket's namespace."""
    answers = netlink.dump(Message(RTM_GETADDR, _IFADDR.pack(0, 0, 0, 0, 0), what="list addresses"))
    return [parse(answer) for answer in answers]


def add(address: Address) -> Message:
    """Adds an address; one that is there stays. IPv6 is usable at once (no duplicate detection)."""
    flags = NLM_F_CREATE | NLM_F_REPLACE
    return Message(RTM_NEWADDR, _body(address), flags, what=f"add address {address.interface}")


def remove(address: Address) -> Message:
    """Deletes an address; one that is not there is no failure."""
    gone = (errno.EADDRNOTAVAIL, errno.ENODEV)
    return Message(RTM_DELADDR, _body(address), what=f"delete address {address.interface}", ignore=gone)


def parse(answer: Answer) -> Address:
    """The address that an RTM_NEWADDR or RTM_DELADDR message describes."""
    _, prefix, _, _, index = _IFADDR.unpack_from(answer.body)
    found = attributes(answer.body, _IFADDR.size)
    local = ip_address(found.get(_IFA_LOCAL) or found[_IFA_ADDRESS])
    flags = u32(found[_IFA_FLAGS]) if _IFA_FLAGS in found else 0
    return Address(ip_interface((local, prefix)), index, lasting=not flags & _PASSING)


def _body(address: Address) -> bytes:
    interface = address.interface
    packed = interface.ip.packed
    family = socket.AF_INET if interface.version == 4 else socket.AF_INET6
    body = _IFADDR.pack(family, interface.network.prefixlen, 0, 0, address.index)
    body += attribute(_IFA_LOCAL, packed) + attribute(_IFA_ADDRESS, packed)
    if interface.version == 4 and interface.network.prefixlen < 31:
        body += attribute(_IFA_BROADCAST, interface.network.broadcast_address.packed)
    if interface.version == 6:
        body += attribute(_IFA_FLAGS, _IFA_F_NODAD)
    return body
