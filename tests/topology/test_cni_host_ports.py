"""Host ports, through the plugin: who reaches a pod by a port of its node, and when it ends."""

import contextlib
import socket
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from proa.kernel import netns
from support.network_lab import GATEWAY, GATEWAY6, CniFailure, Lab, Node, Pod, eventually, lab, listen

pytestmark = [pytest.mark.root, pytest.mark.topology]


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Lab]:
    with lab(tmp_path, nodes=2, ipv6=True) as made:
        yield made


def mapping(port: int, target: int, protocol: str = "tcp", host: str = "") -> dict[str, Any]:
    return {"hostPort": port, "containerPort": target, "protocol": protocol, "hostIP": host}


def attached(node: Node, name: str, path: Path, *mappings: dict[str, Any]) -> Pod:
    """A namespace that becomes a pod with these host ports."""
    result = node.cni("ADD", name, path, runtimeConfig={"portMappings": mappings})
    return Pod(name, path, result["ips"][0]["address"].partition("/")[0], result)


def pod_with(node: Node, name: str, *mappings: dict[str, Any]) -> Pod:
    return attached(node, name, node.lab.namespace(name), *mappings)


def source_seen(listener: socket.socket, client: Path, address: str, port: int) -> str:
    """The client's address as the listener sees it; the connection must be the listener's."""
    with netns.entered(client):
        connection = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    with connection:
        connection.settimeout(3)
        connection.connect((address, port))
        server, seen = listener.accept()
        with server:
            server.sendall(b"hello")
            assert connection.recv(5) == b"hello"
    return str(seen[0])


def is_refused(client: Path, address: str, port: int) -> bool:
    with netns.entered(client):
        connection = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    with connection:
        connection.settimeout(3)
        return connection.connect_ex((address, port)) != 0


@contextlib.contextmanager
def listening(path: Path, everywhere: str = "0.0.0.0") -> Iterator[tuple[socket.socket, int]]:
    """A listener on every address of a family in a namespace, and its port."""
    with listen(path, everywhere) as listener:
        yield listener, listener.getsockname()[1]


@pytest.mark.parametrize("family", [0, 1], ids=["ipv4", "ipv6"])
def test_everybody_reaches_a_host_port(two: Lab, family: int) -> None:
    node, other = two.nodes
    path, address = two.namespace("web"), node.addresses[family]
    with listening(path, ("0.0.0.0", "::")[family]) as (listener, target):
        pod = attached(node, "web", path, mapping(80, target))
        neighbour = node.pod("neighbour")
        for client, seen in ((other, other.addresses), (neighbour, neighbour.addresses)):
            assert source_seen(listener, client.path, address, 80) == seen[family]
        assert source_seen(listener, two.switch, address, 80) == (GATEWAY, GATEWAY6)[family]
        for client in (node, pod):
            assert source_seen(listener, client.path, address, 80) != pod.addresses[family]
        if not family:
            assert source_seen(listener, node.path, "127.0.0.1", 80) != "127.0.0.1"
        node.cni("DEL", "web", path)
        assert is_refused(two.switch, address, 80)


def test_a_host_address_is_that_address_alone(two: Lab) -> None:
    node = two.nodes[0]
    path = two.namespace("a")
    with listening(path) as (listener, target):
        attached(node, "a", path, mapping(90, target, host="127.0.0.1"))
        assert source_seen(listener, node.path, "127.0.0.1", 90)
        assert is_refused(two.switch, node.address, 90)
        pod_with(node, "b", mapping(90, 1, host=node.address))
        with pytest.raises(CniFailure, match="the host port 127.0.0.1:90/tcp is taken"):
            pod_with(node, "c", mapping(90, 1, host="127.0.0.1"))
        with pytest.raises(CniFailure, match="the host port :90/tcp is taken"):
            pod_with(node, "d", mapping(90, 1))
        pod_with(node, "e", mapping(90, 1, "udp"))


def test_a_pod_reaches_no_loopback_of_its_node(two: Lab) -> None:
    """Its device routes 127.0.0.0/8 for the node's own connections."""
    node = two.nodes[0]
    pod = pod_with(node, "a", mapping(91, 1))
    rules = node.run("nft", "list", "chain", "inet", "proa", "host-ports-loopback")
    assert 'iifname "proa*" ip daddr 127.0.0.0/8 drop' in rules
    device = pod.result["interfaces"][0]["name"]
    assert node.run("cat", f"/proc/sys/net/ipv4/conf/{device}/route_localnet").strip() == "1"


def test_a_udp_client_follows_the_pod(two: Lab) -> None:
    """A client that keeps its socket meets the new pod at once: its flow is forgotten."""
    node = two.nodes[0]
    with netns.entered(two.switch):
        client = socket.socket(type=socket.SOCK_DGRAM)
    with client:
        client.settimeout(0.2)
        client.connect((node.address, 53))
        for name in ("old", "new"):
            path = two.namespace(name)
            with netns.entered(path):
                server = socket.socket(type=socket.SOCK_DGRAM)
            with server:
                server.bind(("0.0.0.0", 5353))
                server.settimeout(0.2)
                client.send(b"to nobody yet")
                attached(node, name, path, mapping(53, 5353, "udp"))
                eventually(partial(_arrives, client, server), f"{name} is asked")
                node.cni("DEL", name, path)


def _arrives(client: socket.socket, server: socket.socket) -> bool:
    try:
        client.send(b"x")
        return server.recv(9) == b"x"
    except (TimeoutError, ConnectionError):
        return False


def test_host_ports_outlive_the_agent_and_their_table(two: Lab) -> None:
    node = two.nodes[0]
    path = two.namespace("a")
    with listening(path) as (listener, target):
        attached(node, "a", path, mapping(92, target))
        node.kill_agent()
        assert source_seen(listener, two.switch, node.address, 92)
        node.run("nft", "delete", "table", "inet", "proa")
        node.start_agent()
        assert source_seen(listener, two.switch, node.address, 92)
        node.run("nft", "delete", "table", "inet", "proa")
        eventually(lambda: not is_refused(two.switch, node.address, 92), "the table is put back")
        with pytest.raises(CniFailure, match="taken"):
            pod_with(node, "b", mapping(92, 1))
