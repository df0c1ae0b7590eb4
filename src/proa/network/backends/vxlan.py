"""vxlan: pod packets travel in UDP between the nodes; the default.

Per peer and IP family: one route to its range by its tunnel address, one permanent neighbour for
that address, one forwarding entry that names its node. Nothing is learned, nothing is flooded.

Configuration (net-conf `Backend`): Type `vxlan`;
  VNI            1      number of the virtual network, the same on all nodes
  Port           8472   UDP port; 0 is the kernel's own, which is 8472
  MTU            0      bytes of a pod's packet; 0 is the underlay's less 50 (IPv6: 70)
  DirectRouting  false  plain routes to peers on the same layer-2 network
  Learning       false  learn MACs from traffic
  GBP            false  only false is understood
Needs from the kernel: CONFIG_VXLAN. Without it the backend is refused and the option named;
host-gw needs no device.
Devices: `proa-vxlan` between IPv4 addresses for IPv4 ranges, `proa-vxlan6` between IPv6 addresses for
IPv6 ranges. A device's address is the first of the node's range, its MAC derives from the node's
name, so both are the same after a restart.
Source: flannel, backends page, `vxlan`; RFC 7348.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import ip_interface
from typing import Any, ClassVar, Self

from proa.errors import UserError
from proa.kernel import probe
from proa.kernel.addresses import Address, link_local
from proa.kernel.entries import Entries, merged
from proa.kernel.links import Link, Vxlan, derived_mac
from proa.kernel.neighbours import Forwarding, Neighbour
from proa.kernel.routes import Network, Route
from proa.network.backends.base import Backend, LocalNode, Peer, Underlay, known_keys
from proa.network.backends.routing import adjacent, direct

OVERHEAD = {4: 50, 6: 70}
"""Bytes around a pod's packet: outer IP header, UDP, VXLAN and the inner Ethernet header."""
_KEYS = {"VNI": int, "Port": int, "MTU": int, "DirectRouting": bool, "Learning": bool, "GBP": bool}


@dataclass(frozen=True, slots=True)
class VxlanBackend(Backend):
    name: ClassVar[str] = "vxlan"
    device_names: ClassVar[Mapping[int, str]] = {4: "proa-vxlan", 6: "proa-vxlan6"}

    vni: int = 1
    port: int = 8472
    fixed_mtu: int = 0
    direct_routing: bool = False
    learning: bool = False

    @classmethod
    def parse(cls, options: Mapping[str, Any]) -> Self:
        values = known_keys(cls.name, options, _KEYS)
        vni, port = values.get("VNI", 1), values.get("Port", 0)
        if not 0 < vni < 1 << 24:
            raise UserError(f"net-conf: Backend vxlan: VNI {vni} is not within 1 and 16777215")
        if not 0 <= port < 1 << 16:
            raise UserError(f"net-conf: Backend vxlan: Port {port} is not within 0 and 65535")
        if values.get("GBP"):
            raise UserError("net-conf: Backend vxlan: GBP is not supported; leave it out")
        direct_routing, learning = values.get("DirectRouting", False), values.get("Learning", False)
        return cls(vni, port or 8472, values.get("MTU", 0), direct_routing, learning)

    def probe(self) -> None:
        probe.device("vxlan")

    def mtu(self, underlay: Underlay) -> int:
        return self.fixed_mtu or underlay.mtu - OVERHEAD[underlay.version]

    def data(self, local: LocalNode) -> dict[str, Any]:
        return {"VNI": self.vni, "VtepMAC": _mac(local)}

    def device(self, local: LocalNode) -> Link | None:
        underlay = local.underlay
        data = Vxlan(self.vni, self.port, underlay.interface.ip, underlay.index, self.learning)
        name = self.device_names[underlay.version]
        return Link(name, "vxlan", mac=_mac(local), mtu=self.mtu(underlay), vxlan=data)

    def entries(self, local: LocalNode, device: int, peers: Iterable[Peer]) -> Entries:
        own = (ip_interface(subnet.network_address) for subnet in local.subnets)
        addresses = frozenset(Address(interface, device) for interface in own)
        return merged([Entries(addresses), *(self._towards(local, device, peer) for peer in peers)])

    def _towards(self, local: LocalNode, device: int, peer: Peer) -> Entries:
        if self.direct_routing and adjacent(local, peer):
            return Entries(routes=frozenset(direct(local, peer)))
        return _tunnel(device, peer)

    def objection(self, local: LocalNode, peer: Peer) -> str:
        if self.direct_routing and adjacent(local, peer):
            return ""
        if not peer.data.get("VtepMAC"):
            return f"it has not published its VtepMAC for IPv{local.underlay.version} yet"
        if peer.data.get("VNI", 1) != self.vni:
            return f"its VNI is {peer.data.get('VNI', 1)}, ours is {self.vni}"
        return ""


def _tunnel(device: int, peer: Peer) -> Entries:
    mac = str(peer.data["VtepMAC"]).lower()
    routes = frozenset(_route(subnet, device, mac) for subnet in peer.subnets)
    return Entries(
        routes=routes,
        neighbours=frozenset(Neighbour(it.via, mac, device) for it in routes if it.via),
        forwarding=frozenset([Forwarding(mac, peer.address, device)]),
    )


def _route(subnet: Network, device: int, mac: str) -> Route:
    """The way into the tunnel. IPv6 takes the peer's link-local address: the kernel refuses a next hop
    within the range while a route to the range leads over another device, as it does when backends change.
    """
    if subnet.version == 4:
        return Route(subnet, device, via=subnet.network_address, onlink=True)
    return Route(subnet, device, via=link_local(mac))


def _mac(local: LocalNode) -> str:
    return derived_mac(f"vxlan{'' if local.underlay.version == 4 else 6} {local.name}")
