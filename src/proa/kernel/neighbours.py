"""Neighbours (address to MAC) and forwarding entries (MAC to VTEP). Source: linux/neighbour.h."""

from __future__ import annotations

import errno
import socket
import struct
from dataclasses import dataclass
from ipaddress import ip_address

from proa.kernel.links import mac_bytes, mac_text
from proa.kernel.netlink import NLM_F_CREATE, NLM_F_REPLACE, Answer, Message, Netlink, attribute, attributes
from proa.kernel.routes import IPAddress

RTM_NEWNEIGH, RTM_DELNEIGH, RTM_GETNEIGH = 28, 29, 30

_AF_BRIDGE = 7
_NDA_DST, _NDA_LLADDR = 1, 2
_NUD_PERMANENT, _NTF_SELF = 0x80, 0x02
_NDMSG = struct.Struct("=BxxxiHBB")


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A permanent neighbour: `address` is reached at `mac` on the device `index`."""

    address: IPAddress
    mac: str
    index: int


@dataclass(frozen=True, slots=True)
class Forwarding:
    """A permanent forwarding entry of a VXLAN device: frames to `mac` go to the VTEP at `address`."""

    mac: str
    address: IPAddress
    index: int


def all_neighbours(netlink: Netlink) -> list[Neighbour]:
    """Every permanent neighbour of the socket's namespace."""
    found = []
    for answer in netlink.dump(_listing(socket.AF_UNSPEC, "list neighbours")):
        index, state, values = _read(answer)
        if state & _NUD_PERMANENT and _NDA_LLADDR in values and _NDA_DST in values:
            found.append(Neighbour(ip_address(values[_NDA_DST]), mac_text(values[_NDA_LLADDR]), index))
    return found


def all_forwarding(netlink: Netlink) -> list[Forwarding]:
    """Every permanent forwarding entry that names a VTEP."""
    found = []
    for answer in netlink.dump(_listing(_AF_BRIDGE, "list forwarding entries")):
        index, state, values = _read(answer)
        if state & _NUD_PERMANENT and _NDA_LLADDR in values and _NDA_DST in values:
            found.append(Forwarding(mac_text(values[_NDA_LLADDR]), ip_address(values[_NDA_DST]), index))
    return found


def add(entry: Neighbour | Forwarding) -> Message:
    """Adds an entry; takes the place of another one for the same key."""
    flags = NLM_F_CREATE | NLM_F_REPLACE
    return Message(RTM_NEWNEIGH, _body(entry), flags, what=f"add {_words(entry)}")


def remove(entry: Neighbour | Forwarding) -> Message:
    """Deletes an entry; one that is not there is no failure."""
    gone = (errno.ENOENT, errno.ENODEV)
    return Message(RTM_DELNEIGH, _body(entry), what=f"delete {_words(entry)}", ignore=gone)


def device_of(answer: Answer) -> int:
    """The index of the device that a neighbour notification is about."""
    return int(_NDMSG.unpack_from(answer.body)[1])


def _listing(family: int, what: str) -> Message:
    return Message(RTM_GETNEIGH, _NDMSG.pack(family, 0, 0, 0, 0), what=what)


def _read(answer: Answer) -> tuple[int, int, dict[int, bytes]]:
    _, index, state, _, _ = _NDMSG.unpack_from(answer.body)
    return index, state, attributes(answer.body, _NDMSG.size)


def _body(entry: Neighbour | Forwarding) -> bytes:
    if isinstance(entry, Forwarding):
        family, flags = _AF_BRIDGE, _NTF_SELF
    else:
        family, flags = (socket.AF_INET if entry.address.version == 4 else socket.AF_INET6), 0
    head = _NDMSG.pack(family, entry.index, _NUD_PERMANENT, flags, 0)
    return head + attribute(_NDA_DST, entry.address.packed) + attribute(_NDA_LLADDR, mac_bytes(entry.mac))


def _words(entry: Neighbour | Forwarding) -> str:
    kind = "forwarding entry" if isinstance(entry, Forwarding) else "neighbour"
    return f"{kind} {entry.mac} at {entry.address} on device {entry.index}"
