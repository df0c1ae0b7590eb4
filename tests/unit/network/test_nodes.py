"""Nodes of Kubernetes as peers, by flannel's annotations."""

from ipaddress import IPv4Interface, ip_address, ip_network
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
    told = nodes.published(VxlanBackend(), LOCAL)
    own = node("node-1", cidr="10.42.1.0/24") | {"metadata": {"name": "node-1", "annotations": told}}
    assert nodes.peer_of(own) == Peer(
        "node-1", ip_address("10.77.0.11"), LOCAL.subnets, "vxlan", VxlanBackend().data(LOCAL)
    )


def test_published_names_are_flannels() -> None:
    assert nodes.published(HostGateway(), LOCAL) == {
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
    peer = nodes.peer_of(node("node-2", PUBLISHED | more))
    assert peer is not None
    assert peer.address == ip_address(address)


def test_node_without_range_or_annotations_is_no_peer() -> None:
    assert nodes.peer_of(node("node-2", PUBLISHED, cidr="")) is None
    assert nodes.peer_of(node("node-2")) is None


def test_peers_are_ordered_and_the_rest_is_left_out() -> None:
    found = nodes.peers_of([node("node-3", PUBLISHED), node("node-4"), node("node-2", PUBLISHED)])
    assert [peer.name for peer in found] == ["node-2", "node-3"]


def test_broken_backend_data_is_no_data() -> None:
    peer = nodes.peer_of(node("node-2", PUBLISHED | {"backend-data": "{"}))
    assert peer is not None
    assert peer.data == {}


def test_single_pod_cidr_is_understood() -> None:
    assert nodes.subnets_of({"spec": {"podCIDR": "10.42.9.0/24"}}) == (ip_network("10.42.9.0/24"),)
