"""Two nodes over VXLAN: reachability, drift, restarts."""

import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from proa.kernel import links, netns
from support.network_lab import GATEWAY, Lab, Node, Pod, connect, echo, eventually, lab, listen, source_seen

pytestmark = [pytest.mark.root, pytest.mark.topology]


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with lab(tmp_path_factory.mktemp("vxlan")) as made:
        yield made


@pytest.fixture(scope="module")
def pods(two: Lab) -> list[Pod]:
    return [node.pod(f"far-{node.number}") for node in two.nodes]


def device(node: Node) -> links.Link:
    with netns.socket_in(node.path) as netlink:
        return links.get(netlink, "proa-vxlan")


def test_pods_of_two_nodes_see_each_others_own_addresses(pods: list[Pod]) -> None:
    here, there = pods
    assert source_seen(here.path, there.path, there.address) == here.address
    assert source_seen(there.path, here.path, here.address) == there.address


def test_node_reaches_a_pod_of_another_node(two: Lab, pods: list[Pod]) -> None:
    seen = source_seen(two.nodes[0].path, pods[1].path, pods[1].address)
    assert seen == "10.42.1.0"


def test_pods_are_masqueraded_outside_the_cluster(two: Lab, pods: list[Pod]) -> None:
    assert source_seen(pods[0].path, two.switch, GATEWAY) == two.nodes[0].address


def test_an_address_that_no_pod_has_is_unreachable_and_not_the_gateways(two: Lab, pods: list[Pod]) -> None:
    nobody = "10.42.1.222"
    for path in (two.nodes[0].path, pods[0].path, pods[1].path):
        with pytest.raises(OSError, match="No route to host"):
            netns.run(path, lambda: socket.create_connection((nobody, 80), timeout=5))


def test_mtu_leaves_room_for_the_tunnel(pods: list[Pod]) -> None:
    with netns.socket_in(pods[0].path) as netlink:
        assert links.get(netlink, "eth0").mtu == 1450


def test_connection_survives_kill_9_and_restart(two: Lab, pods: list[Pod]) -> None:
    here, there = pods
    before = device(two.nodes[0])
    with listen(there.path, there.address) as listener:
        client, server, _ = connect(here.path, listener)
    with client, server:
        two.nodes[0].kill_agent()
        echo(client, server, b"agent is dead")
        two.nodes[0].start_agent()
        echo(client, server, b"agent is back")
    assert device(two.nodes[0]) == before


@pytest.mark.parametrize(
    ("damage", "sign"),
    [
        (("ip", "link", "del", "proa-vxlan"), ("ip", "link", "show")),
        (("ip", "link", "set", "proa-vxlan", "down"), ("ip", "-br", "link", "show", "up")),
        (("ip", "route", "del", "10.42.2.0/24"), ("ip", "route")),
        (("ip", "neigh", "flush", "all", "dev", "proa-vxlan", "nud", "permanent"), ("ip", "neigh")),
        (("ip", "addr", "flush", "dev", "proa-vxlan"), ("ip", "-4", "addr", "show", "dev", "proa-vxlan")),
        (("nft", "delete", "table", "inet", "proa"), ("nft", "list", "table", "inet", "proa")),
        (("ip", "link", "set", "eth0", "down"), ("ip", "route")),
    ],
    ids=["device", "device down", "route", "neighbour", "address", "nftables", "underlay bounce"],
)
def test_what_somebody_removed_comes_back(
    two: Lab, pods: list[Pod], damage: tuple[str, ...], sign: tuple[str, ...]
) -> None:
    node = two.nodes[0]
    whole = sorted(node.run(*sign).splitlines())
    node.run(*damage)
    if damage[-1] == "down" and damage[-2] == "eth0":
        node.run("ip", "link", "set", "eth0", "up")
        node.run("ip", "route", "replace", "default", "via", GATEWAY, "proto", "static")

    def back() -> bool:
        words = [line.split() for line in whole]
        now = [line.split() for line in _run(node, sign)]
        return len(now) >= len(words)

    eventually(back, f"{sign} as before {damage}")
    eventually(lambda: _reaches(pods), "pods reach each other")


def _run(node: Node, command: tuple[str, ...]) -> list[str]:
    try:
        return node.run(*command).splitlines()
    except subprocess.CalledProcessError:
        return []


def port(link: links.Link) -> int:
    assert link.vxlan
    return link.vxlan.port


def _reaches(pods: list[Pod]) -> bool:
    try:
        return source_seen(pods[0].path, pods[1].path, pods[1].address) == pods[0].address
    except OSError:
        return False


def test_changed_tunnel_parameters_make_the_device_anew(tmp_path: Path, two: Lab) -> None:
    node = two.nodes[1]
    before = device(node)
    node.kill_agent()
    path = node.base / "net-conf.json"
    original = path.read_text()
    try:
        path.write_text('{"Network": "10.42.0.0/16", "Backend": {"Type": "vxlan", "Port": 4789}}')
        node.start_agent()
        assert port(before) == 8472
        assert port(device(node)) == 4789
        node.kill_agent()
    finally:
        path.write_text(original)
        node.start_agent()
    assert port(device(node)) == 8472
