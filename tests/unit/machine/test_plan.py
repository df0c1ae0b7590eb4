from __future__ import annotations

import sys
from pathlib import Path

from proa.machine.layout import Layout
from proa.machine.plan import (
    Node,
    api_address,
    families,
    namespaced_nodes,
    node_settings,
    parts,
    server_settings,
)
from proa.settings import Settings

LAYOUT = Layout(Path("/data"), Path("/run/proa"))
MACHINE = Node("host", "192.0.2.10")


def test_three_namespaced_nodes() -> None:
    nodes = namespaced_nodes(3)
    assert [(n.name, n.address, n.netns) for n in nodes] == [
        ("node-1", "10.44.0.11", "proa-node-1"),
        ("node-2", "10.44.0.12", "proa-node-2"),
        ("node-3", "10.44.0.13", "proa-node-3"),
    ]
    assert all(len(n.host_device) < 16 for n in nodes)
    assert list(map(str, nodes[0].interfaces)) == ["10.44.0.11/24"]


def test_parts_of_the_machine_as_the_node() -> None:
    found = {part.name: part.command for part in parts(LAYOUT, [MACHINE])}
    assert found == {
        "server": (sys.executable, "-m", "proa.cli.parts.server", "/data/server/settings.json"),
        "containerd-host": ("containerd", "--config", "/data/agent/host/containerd.toml"),
        "agent-host": (sys.executable, "-m", "proa.cli.parts.agent", "/data/agent/host/settings.json"),
    }


def test_a_namespaced_node_is_entered_by_its_network_alone() -> None:
    command = next(
        part.command for part in parts(LAYOUT, namespaced_nodes(1)) if part.name == "containerd-node-1"
    )
    assert command[:3] == ("nsenter", "--net=/run/netns/proa-node-1", "containerd")


def test_agents_stop_before_containerd_and_the_server_last() -> None:
    ranks = {part.name: part.rank for part in parts(LAYOUT, [MACHINE])}
    assert ranks["agent-host"] > ranks["containerd-host"] > ranks["server"]


def test_where_nodes_reach_the_server() -> None:
    assert api_address([MACHINE]) == "127.0.0.1"
    assert api_address(namespaced_nodes(2)) == "10.44.0.1"


def test_an_agent_is_told_its_node() -> None:
    told = node_settings(Settings(node_label=("a=1",)), MACHINE)
    assert (told.node_name, told.node_ip) == ("host", ("192.0.2.10",))
    assert told.node_label == ("a=1",)


def test_namespaced_nodes_of_two_families() -> None:
    settings = Settings(
        cluster_cidr=("fd42::/56", "10.42.0.0/16"), service_cidr=("fd43::/112", "10.43.0.0/16")
    )
    nodes = namespaced_nodes(2, families(settings))
    assert [node.addresses for node in nodes] == [
        ("fd00:10:44::11", "10.44.0.11"),
        ("fd00:10:44::12", "10.44.0.12"),
    ]
    assert list(map(str, nodes[1].interfaces)) == ["fd00:10:44::12/64", "10.44.0.12/24"]
    assert node_settings(settings, nodes[0]).node_ip == ("fd00:10:44::11", "10.44.0.11")
    assert api_address(nodes) == server_settings(settings, nodes).advertise_address == "fd00:10:44::1"
