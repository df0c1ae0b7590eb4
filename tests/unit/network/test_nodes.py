"""Nodes of Kubernetes as peers, by flannel's annotations."""

from ipaddress import IPv4Interface, IPv6Interface, ip_address, ip_network
from typing import Any

import pytest

from proa.network import nodes
from proa.network.backends.base import LocalNode, Peer, Underlay
from proa.network.backends.host_gw import HostGateway
from proa.network.backends.vxlan import VxlanBackend

LOCAL = LocalNode(
    "node-1", (ip_network("10.42.1.0/24"),), Underlay("eth0", 2, 1500, IPv4Interface("10.77.0.11/24"))
)


def node(name: str, annotations: dict[str, str] | None = None, cidr: str = "10.42.2.0/24") -> dict[str, Any]:
    told = {f"{nodes.PREFIX}{key}": value for key, value in (annotations or {}).items()}
    return {
        "metadata": {"name": name, "annotations": told},
        "spec": {"podCIDR": cidr, "podCIDRs": [cidr]} if cidr else {},
        "status": {"addresses": [{"type": "InternalIP", "address": "10.77.0.12"}]},
    }


PUBLISHED = {
    "backend-type": "vxlan",
    "backend-data": '{"VNI":1,"VtepMAC":"02:00:00:00:00:02"}',
    "public-ip": "192.0.2.7",
}


def test_what_a_node_publishes_is_read_back_as_a_peer() -> None:
    told = nodes.published(VxlanBackend(), [LOCAL])
    own = node("node-1", cidr="10.42.1.0/24") | {"metadata": {"name": "node-1", "annotations": told}}
    data = VxlanBackend().data(LOCAL)
    assert nodes.peers_in(own) == [Peer("node-1", ip_address("10.77.0.11"), LOCAL.subnets, "vxlan", data)]


def test_published_names_are_flannels() -> None:
    assert nodes.published(HostGateway(), [LOCAL]) == {
        "flannel.alpha.coreos.com/kube-subnet-manager": "true",
        "flannel.alpha.coreos.com/backend-type": "host-gw",
        "flannel.alpha.coreos.com/backend-data": "null",
        "flannel.alpha.coreos.com/public-ip": "10.77.0.11",
    }


@pytest.mark.parametrize(
    ("more", "address"),
    [
        ({}, "192.0.2.7"),
        ({"public-ip-overwrite": "198.51.100.1"}, "198.51.100.1"),
        ({"public-ip": ""}, "10.77.0.12"),
    ],
    ids=["public", "overwritten", "internal"],
)
def test_address_of_a_peer(more: dict[str, str], address: str) -> None:
    (peer,) = nodes.peers_in(node("node-2", PUBLISHED | more))
    assert peer.address == ip_address(address)


def test_node_without_range_or_annotations_is_no_peer() -> None:
    assert nodes.peers_in(node("node-2", PUBLISHED, cidr="")) == []
    assert nodes.peers_in(node("node-2")) == []


def test_peers_are_ordered_and_the_rest_is_left_out() -> None:
    found = nodes.peers_of([node("node-3", PUBLISHED), node("node-4"), node("node-2", PUBLISHED)])
    assert [peer.name for peer in found] == ["node-2", "node-3"]


def test_broken_backend_data_is_no_data() -> None:
    (peer,) = nodes.peers_in(node("node-2", PUBLISHED | {"backend-data": "{"}))
    assert peer.data == {}


def test_single_pod_cidr_is_understood() -> None:
    assert nodes.subnets_of({"spec": {"podCIDR": "10.42.9.0/24"}}) == (ip_network("10.42.9.0/24"),)


LOCAL6 = LocalNode(
    "node-1", (ip_network("fd42:0:0:1::/64"),), Underlay("eth0", 2, 1500, IPv6Interface("fd99::11/64"))
)


def test_dual_stack_is_published_by_flannels_names_and_read_back() -> None:
    backend = VxlanBackend()
    told = nodes.published(backend, [LOCAL6, LOCAL])
    assert told["flannel.alpha.coreos.com/public-ipv6"] == "fd99::11"
    assert "VtepMAC" in told["flannel.alpha.coreos.com/backend-v6-data"]
    own = node("node-1") | {
        "metadata": {"name": "node-1", "annotations": told},
        "spec": {"podCIDRs": ["fd42:0:0:1::/64", "10.42.1.0/24"]},
    }
    assert nodes.peers_of([own]) == [
        Peer("node-1", ip_address("10.77.0.11"), LOCAL.subnets, "vxlan", backend.data(LOCAL)),
        Peer("node-1", ip_address("fd99::11"), LOCAL6.subnets, "vxlan", backend.data(LOCAL6)),
    ]


def test_a_node_that_has_published_ipv4_only_is_a_peer_there() -> None:
    both = node("node-2", PUBLISHED)
    both["spec"]["podCIDRs"] = ["10.42.2.0/24", "fd42:0:0:2::/64"]
    assert [peer.address for peer in nodes.peers_in(both)] == [ip_address("192.0.2.7")]
    both["status"]["addresses"].append({"type": "InternalIP", "address": "fd99::12"})
    assert [str(peer.address) for peer in nodes.peers_in(both)] == ["192.0.2.7", "fd99::12"]


def test_ipv6_alone_has_no_data_for_ipv4() -> None:
    told = nodes.published(VxlanBackend(), [LOCAL6])
    assert told["flannel.alpha.coreos.com/backend-data"] == "null"
    assert "flannel.alpha.coreos.com/public-ip" not in told
