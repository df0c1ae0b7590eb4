"""What each backend wants in the kernel's tables."""

from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv6Address,
    IPv6Interface,
    ip_address,
    ip_interface,
    ip_network,
)

from proa.kernel.addresses import Address
from proa.kernel.links import Vxlan
from proa.kernel.neighbours import Forwarding, Neighbour
from proa.kernel.routes import Route
from proa.network.backends.base import LocalNode, Peer, Underlay
from proa.network.backends.host_gw import HostGateway
from proa.network.backends.vxlan import VxlanBackend

UNDERLAY = Underlay("eth0", 2, 1500, IPv4Interface("10.77.0.11/24"))
LOCAL = LocalNode("node-1", (ip_network("10.42.1.0/24"),), UNDERLAY)
MAC = "02:00:00:00:00:02"


def peer(name: str, address: str, subnet: str = "10.42.9.0/24", **data: object) -> Peer:
    return Peer(name, ip_address(address), (ip_network(subnet),), "vxlan", data)


NEAR = peer("node-2", "10.77.0.12", "10.42.2.0/24", VNI=1, VtepMAC=MAC.upper())
FAR = peer("node-3", "192.0.2.9", "10.42.3.0/24", VNI=1, VtepMAC=MAC)


def test_vxlan_device() -> None:
    device = VxlanBackend().device(LOCAL)
    assert device is not None
    assert (device.name, device.kind, device.mtu) == ("proa-vxlan", "vxlan", 1450)
    assert device.vxlan == Vxlan(1, 8472, IPv4Address("10.77.0.11"), link=2, learning=False)
    assert device.mac == VxlanBackend().data(LOCAL)["VtepMAC"]


def test_vxlan_has_one_of_each_for_a_peer() -> None:
    hop = ip_address("10.42.2.0")
    entries = VxlanBackend().entries(LOCAL, 9, [NEAR])
    assert entries.addresses == {Address(ip_interface("10.42.1.0/32"), 9)}
    assert entries.routes == {Route(ip_network("10.42.2.0/24"), 9, via=hop, onlink=True)}
    assert entries.neighbours == {Neighbour(hop, MAC, 9)}
    assert entries.forwarding == {Forwarding(MAC, ip_address("10.77.0.12"), 9)}


def test_direct_routing_tunnels_only_to_other_networks() -> None:
    entries = VxlanBackend(direct_routing=True).entries(LOCAL, 9, [NEAR, FAR])
    assert entries.routes == {
        Route(ip_network("10.42.2.0/24"), 2, via=ip_address("10.77.0.12")),
        Route(ip_network("10.42.3.0/24"), 9, via=ip_address("10.42.3.0"), onlink=True),
    }
    assert {it.address for it in entries.forwarding} == {ip_address("192.0.2.9")}


def test_vxlan_objections() -> None:
    silent = peer("node-4", "10.77.0.14")
    other = peer("node-5", "10.77.0.15", VNI=2, VtepMAC=MAC)
    assert VxlanBackend().objection(LOCAL, NEAR) == ""
    assert VxlanBackend().objection(LOCAL, silent) == "it has not published its VtepMAC for IPv4 yet"
    assert VxlanBackend().objection(LOCAL, other) == "its VNI is 2, ours is 1"


def test_host_gw_routes_by_the_peer() -> None:
    entries = HostGateway().entries(LOCAL, 0, [NEAR])
    assert entries.routes == {Route(ip_network("10.42.2.0/24"), 2, via=ip_address("10.77.0.12"))}
    assert HostGateway().mtu(UNDERLAY) == 1500


def test_host_gw_objects_to_a_peer_on_another_network() -> None:
    assert HostGateway().objection(LOCAL, NEAR) == ""
    assert "192.0.2.9 is not on 10.77.0.0/24" in HostGateway().objection(LOCAL, FAR)


UNDERLAY6 = Underlay("eth0", 2, 1500, IPv6Interface("fd99::11/64"))
LOCAL6 = LocalNode("node-1", (ip_network("fd42:0:0:1::/64"),), UNDERLAY6)
NEAR6 = peer("node-2", "fd99::12", "fd42:0:0:2::/64", VNI=1, VtepMAC=MAC)


def test_vxlan_has_a_device_of_its_own_for_ipv6() -> None:
    device = VxlanBackend().device(LOCAL6)
    assert device is not None
    assert (device.name, device.mtu) == ("proa-vxlan6", 1430)
    assert device.vxlan == Vxlan(1, 8472, IPv6Address("fd99::11"), link=2)
    assert device.mac == VxlanBackend().data(LOCAL6)["VtepMAC"] != VxlanBackend().data(LOCAL)["VtepMAC"]


def test_vxlan_goes_by_the_link_local_address_of_an_ipv6_peer() -> None:
    hop = ip_address("fe80::ff:fe00:2")
    entries = VxlanBackend().entries(LOCAL6, 9, [NEAR6])
    assert entries.addresses == {Address(ip_interface("fd42:0:0:1::/128"), 9)}
    assert entries.routes == {Route(ip_network("fd42:0:0:2::/64"), 9, via=hop)}
    assert entries.neighbours == {Neighbour(hop, MAC, 9)}
    assert entries.forwarding == {Forwarding(MAC, ip_address("fd99::12"), 9)}


def test_host_gw_routes_ipv6_by_the_peer() -> None:
    entries = HostGateway().entries(LOCAL6, 0, [NEAR6])
    assert entries.routes == {Route(ip_network("fd42:0:0:2::/64"), 2, via=ip_address("fd99::12"))}
    far = peer("node-3", "fd98::3", "fd42:0:0:3::/64")
    assert "fd98::3 is not on fd99::/64" in HostGateway().objection(LOCAL6, far)
