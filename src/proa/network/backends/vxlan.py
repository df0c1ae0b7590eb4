"""vxlan: pod packets travel in UDP between the nodes; the default.

Per peer: one onlink route to its range by its tunnel address, one permanent neighbour for that
address, one forwarding entry that names its node. Nothing is learned, nothing is flooded.

Configuration (net-conf `Backend`): Type `vxlan`;
  VNI            1      number of the virtual network, the same on all nodes
  Port           8472   UDP port; 0 is the kernel's own, which is 8472
  MTU            0      bytes of a pod's packet; 0 is the underlay's less 50
  DirectRouting  false  plain routes to peers on the same layer-2 network
  Learning       false  learn MACs from traffic
  GBP            false  only false is understood
Needs from the kernel: CONFIG_VXLAN. Without it the backend is refused and the option named;
host-gw needs no device.
Device: `proa-vxlan`; its address is the first of the node's range (/32), its MAC derives from the
node's name, so it is the same after a restart.
Source: flannel, backends page, `vxlan`; RFC 7348.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, ip_interface
from typing import Any, ClassVar, Self

from proa.errors import UserError
from proa.kernel import probe
from proa.kernel.addresses import Address
from proa.kernel.entries import Entries, merged
from proa.kernel.links import Link, Vxlan, derived_mac
from proa.kernel.neighbours import Forwarding, Neighbour
from proa.kernel.routes import Route
from proa.network.backends.base import Backend, LocalNode, Peer, Underlay, known_keys
from proa.network.backends.routing import adjacent, direct

OVERHEAD = 50
"""Bytes around a pod's packet: outer IPv4, UDP, VXLAN and the inner Ethernet header."""
_KEYS = {"VNI": int, "Port": int, "MTU": int, "DirectRouting": bool, "Learning": bool, "GBP": bool}


@dataclass(frozen=True, slots=True)
class VxlanBackend(Backend):
    name: ClassVar[str] = "vxlan"
    device_name: ClassVar[str] = "proa-vxlan"

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
        return self.fixed_mtu or underlay.mtu - OVERHEAD

    def data(self, local: LocalNode) -> dict[str, Any]:
        return {"VNI": self.vni, "VtepMAC": _mac(local)}

    def device(self, local: LocalNode) -> Link | None:
        underlay = local.underlay
        data = Vxlan(self.vni, self.port, underlay.interface.ip, underlay.index, self.learning)
        return Link(self.device_name, "vxlan", mac=_mac(local), mtu=self.mtu(underlay), vxlan=data)

    def entries(self, local: LocalNode, device: int, peers: Iterable[Peer]) -> Entries:
        own = (ip_interface(f"{subnet.network_address}/32") for subnet in _ipv4(local.subnets))
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
            return "it has not published its VtepMAC yet"
        if peer.data.get("VNI", 1) != self.vni:
            return f"its VNI is {peer.data.get('VNI', 1)}, ours is {self.vni}"
        return ""


def _tunnel(device: int, peer: Peer) -> Entries:
    mac = str(peer.data["VtepMAC"]).lower()
    hops: dict[IPv4Network, IPv4Address] = {subnet: subnet.network_address for subnet in _ipv4(peer.subnets)}
    return Entries(
        routes=frozenset(Route(subnet, device, via=hop, onlink=True) for subnet, hop in hops.items()),
        neighbours=frozenset(Neighbour(hop, mac, device) for hop in hops.values()),
        forwarding=frozenset([Forwarding(mac, peer.address, device)]),
    )


def _ipv4(subnets: Iterable[object]) -> Iterator[IPv4Network]:
    return (subnet for subnet in subnets if isinstance(subnet, IPv4Network))


def _mac(local: LocalNode) -> str:
    return derived_mac(f"vxlan {local.name}")
