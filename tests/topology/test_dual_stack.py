"""Two nodes with both IP families: over VXLAN, by plain routes, through restarts and damage."""

import json
import socket
import struct
import subprocess
import time
from collections.abc import Iterator
from functools import partial

import pytest

from proa.kernel import links, netns, sysctl
from support.network_lab import (
    GATEWAY,
    GATEWAY6,
    Lab,
    Pod,
    connect,
    echo,
    eventually,
    lab,
    listen,
    source_seen,
)

pytestmark = [pytest.mark.root, pytest.mark.topology]


_ECHO_REQUEST, _ECHO_REPLY = 128, 129
_HEADERS = 48  # bytes of the IPv6 and ICMPv6 headers


@pytest.fixture(scope="module", params=["vxlan", "host-gw"])
def two(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    backend = {"Type": request.param}
    with lab(tmp_path_factory.mktemp("dual"), backend=backend, ipv6=True) as made:
        yield made


@pytest.fixture(scope="module")
def pods(two: Lab) -> list[Pod]:
    return [node.pod(f"dual-{node.number}") for node in two.nodes]


def reaches(here: Pod, there: Pod) -> bool:
    """In both families, each seeing the other's own address."""
    return all(
        source_seen(here.path, there.path, to) == own
        for own, to in zip(here.addresses, there.addresses, strict=True)
    )


def ping(pod: Pod, address: str, size: int = 56) -> None:
    """An echo request of `size` bytes, in one piece, is answered."""
    with netns.entered(pod.path):
        asking = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
    with asking:
        asking.settimeout(3)
        asking.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_DONTFRAG, 1)
        asking.sendto(struct.pack("!BBHHH", _ECHO_REQUEST, 0, 0, 7, 1) + bytes(size), (address, 0))
        while (answer := asking.recv(65_536))[0] != _ECHO_REPLY:
            pass
        assert len(answer) == size + 8


def run(pod: Pod, *command: str) -> str:
    done = subprocess.run(
        ["nsenter", f"--net={pod.path}", *command], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_pod_has_an_address_of_each_family(pods: list[Pod]) -> None:
    assert pods[0].addresses == ["10.42.1.1", "fd42:0:0:1::1"]
    shown = json.loads(run(pods[0], "ip", "-j", "-6", "addr", "show", "dev", "eth0"))[0]["addr_info"]
    assert [(it["local"], it["prefixlen"]) for it in shown if it["scope"] == "global"] == [
        ("fd42:0:0:1::1", 128)
    ]
    assert not any(it.get("tentative") for it in shown)
    assert "default via fe80::1 dev eth0" in run(pods[0], "ip", "-6", "route")


def test_pods_of_two_nodes_see_each_others_own_addresses(pods: list[Pod]) -> None:
    here, there = pods
    assert reaches(here, there)
    assert reaches(there, here)
    ping(here, there.addresses[1])


def test_pods_of_one_node_see_each_other(two: Lab, pods: list[Pod]) -> None:
    assert reaches(pods[0], two.nodes[0].pod("dual-beside"))


def test_a_node_reaches_pods_here_and_there(two: Lab, pods: list[Pod]) -> None:
    node = two.nodes[0]
    assert source_seen(node.path, pods[0].path, pods[0].addresses[1]) == node.addresses[1]
    tunnel = "proa-vxlan6" in node.run("ip", "-br", "link")
    seen = source_seen(node.path, pods[1].path, pods[1].addresses[1])
    assert seen == ("fd42:0:0:1::" if tunnel else node.addresses[1])


def test_the_largest_packet_fits_and_no_larger_one(two: Lab, pods: list[Pod]) -> None:
    tunnel = "proa-vxlan6" in two.nodes[0].run("ip", "-br", "link")
    with netns.socket_in(pods[0].path) as netlink:
        mtu = links.get(netlink, "eth0").mtu
    assert mtu == (1430 if tunnel else 1500)
    ping(pods[0], pods[1].addresses[1], size=mtu - _HEADERS)
    with pytest.raises(OSError, match="Message too long"):
        ping(pods[0], pods[1].addresses[1], size=mtu - _HEADERS + 1)


def test_ipv6_keeps_its_address_outside_the_cluster(two: Lab, pods: list[Pod]) -> None:
    with netns.entered(two.switch):
        subprocess.run(["ip", "route", "replace", "fd42:0:0:1::/64", "via", "fd77::11"], check=True)
    assert source_seen(pods[0].path, two.switch, GATEWAY6) == pods[0].addresses[1]


def test_a_pod_sends_from_its_own_address_only(two: Lab, pods: list[Pod]) -> None:
    here, there = pods
    stranger = "fd42:0:0:1::bad"
    run(here, "ip", "addr", "add", f"{stranger}/128", "dev", "eth0", "nodad")
    with netns.entered(here.path):
        client = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    with netns.entered(there.path):
        receiver = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    with client, receiver:
        receiver.bind((there.addresses[1], 0))
        receiver.settimeout(0.2)
        client.bind((stranger, 0))
        client.sendto(b"forged", receiver.getsockname())
        with pytest.raises(TimeoutError):
            receiver.recv(100)
        run(here, "ip", "addr", "del", f"{stranger}/128", "dev", "eth0")


def test_a_pod_cannot_make_itself_the_nodes_router(two: Lab, pods: list[Pod]) -> None:
    device = pods[0].result["interfaces"][0]["name"]
    with netns.entered(two.nodes[0].path):
        assert sysctl.read(f"net/ipv6/conf/{device}/accept_ra") == "0"
    assert "fe80" not in two.nodes[0].run("ip", "-6", "addr", "show", "dev", device)


def test_an_address_that_no_pod_has_is_unreachable(pods: list[Pod]) -> None:
    with pytest.raises(OSError, match="No route to host|Network is unreachable"):
        netns.run(pods[1].path, lambda: socket.create_connection(("fd42:0:0:1::222", 80), timeout=5))


def test_connections_survive_kill_9_and_restart_without_a_lost_packet(two: Lab, pods: list[Pod]) -> None:
    here, there = pods
    node = two.nodes[0]
    state = [("ip", "-6", "route"), ("ip", "-d", "link"), ("ip", "neigh", "show", "nud", "permanent")]
    before = [sorted(node.run(*command).splitlines()) for command in state]
    made = []
    for address in there.addresses:
        with listen(there.path, address) as listener:
            made.append(connect(here.path, listener)[:2])
    resent = _retransmitted(here)
    node.kill_agent()
    for client, server in made:
        echo(client, server, b"agent is dead" * 1000)
    node.start_agent()
    for client, server in made:
        echo(client, server, b"agent is back" * 1000)
        client.close()
        server.close()
    assert _retransmitted(here) == resent
    assert [sorted(node.run(*command).splitlines()) for command in state] == before


def _retransmitted(pod: Pod) -> str:
    lines = [it.split() for it in run(pod, "cat", "/proc/net/snmp").splitlines() if it.startswith("Tcp:")]
    return str(dict(zip(*lines, strict=True))["RetransSegs"])


def test_what_somebody_removed_comes_back(two: Lab, pods: list[Pod]) -> None:
    node = two.nodes[0]
    damages = ["ip -6 route del fd42:0:0:2::/64", "nft flush table inet proa"]
    if "proa-vxlan6" in node.run("ip", "-br", "link"):
        damages += [
            "ip link del proa-vxlan6",
            "ip -6 addr flush dev proa-vxlan6 scope global",
            "ip -6 neigh flush all dev proa-vxlan6 nud permanent",
        ]
    for damage in damages:
        node.run(*damage.split())
        eventually(lambda: _still(pods), f"reached again after {damage}")
    chain = ("nft", "list", "chain", "inet", "proa", "pod-sources")
    eventually(lambda: "fib saddr" in node.run(*chain), "the rule is back")


def test_an_underlay_that_lost_its_address_carries_again_once_it_has_it(two: Lab, pods: list[Pod]) -> None:
    """IPv6 addresses go with the device; whoever manages the host puts them back some time later."""
    node = two.nodes[0]
    for command in ("link set eth0 down", "link set eth0 up", f"route replace default via {GATEWAY}"):
        node.run("ip", *command.split())
    time.sleep(4)  # seconds in which attempts fail, so that the next one by the clock would be late
    node.run("ip", "addr", "add", f"{node.addresses[1]}/64", "dev", "eth0", "nodad")
    node.run("ip", "-6", "route", "replace", "default", "via", GATEWAY6)
    eventually(lambda: "fd42:0:0:2::/64 via" in node.run("ip", "-6", "route"), "the route", seconds=2.5)
    eventually(lambda: _still(pods), "reached again")


def _still(pods: list[Pod]) -> bool:
    try:
        return reaches(*pods)
    except OSError:
        return False


def test_a_host_whose_default_is_no_ipv6_serves_it_all_the_same(two: Lab, pods: list[Pod]) -> None:
    node = two.nodes[0]
    for default in ("1", "0"):
        node.run("sh", "-c", f"echo {default} > /proc/sys/net/ipv6/conf/default/disable_ipv6")
        if "proa-vxlan6" in node.run("ip", "-br", "link"):
            node.run("ip", "link", "del", "proa-vxlan6")
        fresh = node.pod(f"dual-default-{default}")
        eventually(partial(_still, [fresh, pods[1]]), f"reached by default {default}")


def test_a_pod_is_ready_to_speak_at_once(two: Lab) -> None:
    """Nobody waits for the detection of duplicates, which takes a second or two."""
    fresh = two.nodes[0].pod("dual-fresh")
    started = time.monotonic()
    with listen(fresh.path, fresh.addresses[1]):
        assert time.monotonic() - started < 0.5
    two.nodes[0].cni("CHECK", "dual-fresh", fresh.path, prevResult=fresh.result)
    two.nodes[0].cni("DEL", "dual-fresh", fresh.path)
    assert fresh.addresses[1] not in two.nodes[0].run("ip", "-6", "route")
