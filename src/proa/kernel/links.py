"""Links: bridges, veth pairs and VXLAN devices as values.

A link that the kernel lists and one that a caller wants are the same dataclass; None means "as the
kernel chooses". Source: rtnetlink(7), linux/if_link.h.
"""

from __future__ import annotations

import errno
import hashlib
import socket
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

from proa.kernel.netlink import (
    NLM_F_CREATE,
    NLM_F_EXCL,
    Answer,
    Message,
    Netlink,
    NetlinkError,
    attribute,
    attributes,
    text,
    u32,
)

RTM_NEWLINK, RTM_DELLINK, RTM_GETLINK, RTM_SETLINK = 16, 17, 18, 19
IFF_UP = 1

_IFLA_ADDRESS, _IFLA_IFNAME, _IFLA_MTU, _IFLA_MASTER, _IFLA_LINKINFO, _IFLA_NET_NS_FD = 1, 3, 4, 10, 18, 28
_IFLA_INFO_KIND, _IFLA_INFO_DATA, _VETH_INFO_PEER, _IFLA_LINK = 1, 2, 1, 5
_VXLAN_ID, _VXLAN_LINK, _VXLAN_LOCAL, _VXLAN_LEARNING, _VXLAN_PORT, _VXLAN_LOCAL6 = 1, 3, 4, 7, 15, 17
_IFINFO = struct.Struct("=BxHiII")

OPTIONS = {
    "bridge": "CONFIG_BRIDGE",
    "veth": "CONFIG_VETH",
    "vxlan": "CONFIG_VXLAN",
    "wireguard": "CONFIG_WIREGUARD",
    "ipip": "CONFIG_NET_IPIP",
}
"""The kernel option behind each kind of device."""


@dataclass(frozen=True, slots=True)
class Vxlan:
    """Data of a VXLAN device. `link` is the index of the device below, 0 for none.

    Two devices may have one `vni` and `port` when their `local` addresses are of different families.
    """

    vni: int
    port: int
    local: IPv4Address | IPv6Address
    link: int = 0
    learning: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """A network device."""

    name: str
    kind: str = ""
    mac: str | None = None
    mtu: int | None = None
    up: bool = True
    master: int | None = None
    vxlan: Vxlan | None = None
    index: int = 0
    peer: int = 0


def mac_bytes(mac: str) -> bytes:
    return bytes.fromhex(mac.replace(":", ""))


def mac_text(mac: bytes) -> str:
    return mac.hex(":")


def derived_mac(seed: str) -> str:
    """A locally administered MAC that is always the same for the same seed."""
    digest = bytearray(hashlib.sha256(seed.encode()).digest()[:6])
    digest[0] = digest[0] & 0xFC | 0x02
    return mac_text(bytes(digest))


def all_links(netlink: Netlink) -> list[Link]:
    """Every device of the socket's namespace."""
    answers = netlink.dump(Message(RTM_GETLINK, _header(), what="list devices"))
    return [parse(answer) for answer in answers]


def find(netlink: Netlink, name: str) -> Link | None:
    """The device of that name, or None."""
    request = Message(RTM_GETLINK, _header() + attribute(_IFLA_IFNAME, name), what=f"find device {name}")
    try:
        return parse(netlink.query(request))
    except NetlinkError as error:
        if error.errno == errno.ENODEV:
            return None
        raise


def get(netlink: Netlink, name: str) -> Link:
    """The device of that name; NetlinkError ENODEV when there is none."""
    if link := find(netlink, name):
        return link
    raise NetlinkError(errno.ENODEV, f"find device {name}")


def create(link: Link) -> Message:
    """Adds a device (any kind but veth)."""
    return _new(link.kind, _header(up=link.up) + _common(link), link.name, _vxlan_data(link.vxlan))


def create_veth(link: Link, peer: Link, netns: int | None = None) -> Message:
    """Adds a veth pair; `peer` goes into the namespace of descriptor `netns`.

    `link` may be up at once; the kernel wants `peer` set up afterwards.
    """
    there = _header() + _common(peer)
    if netns is not None:
        there += attribute(_IFLA_NET_NS_FD, netns)
    return _new("veth", _header(up=link.up) + _common(link), link.name, attribute(_VETH_INFO_PEER, there))


def change(link: Link, index: int) -> Message:
    """Sets state, MTU, MAC and master of the device `index` as `link` wants them."""
    body = _header(index, up=link.up, change=IFF_UP)
    if link.mtu is not None:
        body += attribute(_IFLA_MTU, link.mtu)
    if link.mac is not None:
        body += attribute(_IFLA_ADDRESS, mac_bytes(link.mac))
    if link.master is not None:
        body += attribute(_IFLA_MASTER, link.master)
    return Message(RTM_SETLINK, body, what=f"change device {link.name}")


def remove(name: str) -> Message:
    """Deletes a device; one that is not there is no failure."""
    body = _header() + attribute(_IFLA_IFNAME, name)
    return Message(RTM_DELLINK, body, what=f"delete device {name}", ignore=(errno.ENODEV,))


def ensure(netlink: Netlink, link: Link) -> int:
    """The device as `link` wants it, made when missing, changed when it differs; returns its index.

    A device of that name but of another kind is left alone: NetlinkError EEXIST.
    """
    found = find(netlink, link.name)
    if found is None:
        netlink.execute([create(link)])
        return get(netlink, link.name).index
    if found.kind != link.kind:
        what = f"create {link.kind} device {link.name}"
        raise NetlinkError(errno.EEXIST, what, f"a {found.kind or 'physical'} device has that name")
    if differs(found, link):
        netlink.execute([change(link, found.index)])
    return found.index


def differs(found: Link, wanted: Link) -> bool:
    """Whether state, MTU, MAC or master of a device are not as wanted."""
    pairs = ((found.mac, wanted.mac), (found.mtu, wanted.mtu), (found.master, wanted.master))
    return found.up != wanted.up or any(want is not None and have != want for have, want in pairs)


def set_up(netlink: Netlink, name: str, *, up: bool = True) -> None:
    """Sets a device up or down."""
    body = _header(up=up, change=IFF_UP) + attribute(_IFLA_IFNAME, name)
    netlink.execute([Message(RTM_NEWLINK, body, what=f"set device {name} {'up' if up else 'down'}")])


def delete(netlink: Netlink, names: Iterable[str]) -> None:
    """Deletes devices; those that are not there are left out."""
    netlink.execute([remove(name) for name in names])


def parse(answer: Answer) -> Link:
    """The device that an RTM_NEWLINK or RTM_DELLINK message describes."""
    _, _, index, flags, _ = _IFINFO.unpack_from(answer.body)
    found = attributes(answer.body, _IFINFO.size)
    info = attributes(found.get(_IFLA_LINKINFO, b""))
    kind = text(info.get(_IFLA_INFO_KIND, b""))
    mac = found.get(_IFLA_ADDRESS)
    return Link(
        name=text(found.get(_IFLA_IFNAME, b"")),
        kind=kind,
        mac=mac_text(mac) if mac else None,
        mtu=u32(found[_IFLA_MTU]) if _IFLA_MTU in found else None,
        up=bool(flags & IFF_UP),
        master=u32(found[_IFLA_MASTER]) if _IFLA_MASTER in found else None,
        vxlan=_parse_vxlan(info.get(_IFLA_INFO_DATA, b"")) if kind == "vxlan" else None,
        index=index,
        peer=u32(found[_IFLA_LINK]) if _IFLA_LINK in found else 0,
    )


def _header(index: int = 0, *, up: bool = False, change: int = 0) -> bytes:
    return _IFINFO.pack(socket.AF_UNSPEC, 0, index, IFF_UP if up else 0, change or (IFF_UP if up else 0))


def _common(link: Link) -> bytes:
    body = attribute(_IFLA_IFNAME, link.name)
    if link.mtu is not None:
        body += attribute(_IFLA_MTU, link.mtu)
    if link.mac is not None:
        body += attribute(_IFLA_ADDRESS, mac_bytes(link.mac))
    if link.master is not None:
        body += attribute(_IFLA_MASTER, link.master)
    return body


def _new(kind: str, body: bytes, name: str, data: bytes) -> Message:
    info = attribute(_IFLA_INFO_KIND, kind) + (attribute(_IFLA_INFO_DATA, data) if data else b"")
    option = OPTIONS.get(kind, f"for {kind} devices")
    return Message(
        RTM_NEWLINK,
        body + attribute(_IFLA_LINKINFO, info),
        NLM_F_CREATE | NLM_F_EXCL,
        what=f"create {kind} device {name}",
        remedy=f"the kernel lacks {option}: load the module {kind} or use a kernel built with it",
    )


def _vxlan_data(vxlan: Vxlan | None) -> bytes:
    if vxlan is None:
        return b""
    return (
        attribute(_VXLAN_ID, vxlan.vni)
        + (attribute(_VXLAN_LINK, vxlan.link) if vxlan.link else b"")
        + attribute(_VXLAN_LOCAL if vxlan.local.version == 4 else _VXLAN_LOCAL6, vxlan.local.packed)
        + attribute(_VXLAN_LEARNING, bytes([vxlan.learning]))
        + attribute(_VXLAN_PORT, struct.pack("!H", vxlan.port))
    )


def _parse_vxlan(data: bytes) -> Vxlan:
    found = attributes(data)
    return Vxlan(
        vni=u32(found[_VXLAN_ID]) if _VXLAN_ID in found else 0,
        port=int.from_bytes(found.get(_VXLAN_PORT, b""), "big"),
        local=ip_address(found.get(_VXLAN_LOCAL6) or found.get(_VXLAN_LOCAL, bytes(4))),
        link=u32(found[_VXLAN_LINK]) if _VXLAN_LINK in found else 0,
        learning=bool(found.get(_VXLAN_LEARNING, b"\0")[0]),
    )
