"""What a start refuses before it touches anything."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from proa.errors import UserError
from proa.machine import claim, nodes, record
from proa.machine.bringup import check_nodes, planned_nodes
from proa.machine.layout import Layout
from proa.machine.plan import Node, namespaced_nodes
from proa.settings import Settings

HOST = Node("host", "192.0.2.10")


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    made = Layout(tmp_path / "data", tmp_path / "run")
    made.database.parent.mkdir(parents=True)
    made.database.touch()
    made.node("host").settings.parent.mkdir(parents=True)
    made.node("host").settings.touch()
    return made


def test_a_start_that_leaves_a_known_node_out_is_refused(layout: Layout) -> None:
    with pytest.raises(UserError, match=r"with node host, .* proa down --purge"):
        check_nodes(layout, namespaced_nodes(3))


def test_the_same_node_comes_back_and_others_may_join(layout: Layout) -> None:
    check_nodes(layout, [HOST, *namespaced_nodes(1)])


def test_nodes_of_a_state_that_is_gone_do_not_count(layout: Layout) -> None:
    layout.database.unlink()
    check_nodes(layout, namespaced_nodes(3))


@pytest.fixture
def claimed(layout: Layout, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Layout:
    monkeypatch.setattr(claim, "CLAIM", tmp_path / "claim.json")
    claim.take(layout)
    return layout


def run_as(monkeypatch: pytest.MonkeyPatch, *, running: bool) -> None:
    class Keeper:
        def is_running(self) -> bool:
            return running

    monkeypatch.setattr(claim, "keeper", lambda *_: Keeper())


def test_a_second_cluster_is_refused_with_the_folders_of_the_first(
    claimed: Layout, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    record.write(claimed, record.Record((HOST,), {}, {}, named_namespaces=False))
    run_as(monkeypatch, running=True)
    other = Layout(tmp_path / "other", tmp_path / "other-run")
    with pytest.raises(UserError, match=rf"--run-dir {claimed.run}"):
        claim.check(other)
    claim.check(claimed)
    run_as(monkeypatch, running=False)
    claim.check(other)


def test_only_its_own_cluster_gives_a_claim_up(claimed: Layout, tmp_path: Path) -> None:
    claim.give_up(Layout(tmp_path / "other", tmp_path / "other-run"))
    assert json.loads(claim.CLAIM.read_text())["run"] == str(claimed.run)
    claim.give_up(claimed)
    assert not claim.CLAIM.exists()


BOTH = Settings(
    node_name="host",
    node_ip=("192.0.2.10",),
    cluster_cidr=("10.42.0.0/16", "fd42::/56"),
    service_cidr=("10.43.0.0/16", "fd43::/112"),
)


def test_this_machine_has_an_address_of_each_family(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nodes, "own_address", {4: "198.51.100.1", 6: "fd99::1"}.get)
    monkeypatch.setattr(nodes, "all_addresses", lambda: {"192.0.2.10", "198.51.100.1", "fd99::1"})
    assert planned_nodes(BOTH, 0) == [Node("host", "192.0.2.10", secondary="fd99::1")]
    assert planned_nodes(Settings(node_name="host"), 0) == [Node("host", "198.51.100.1")]
    with pytest.raises(UserError, match=r"--node-ip: no network device .* has the address 192\.0\.2\.11"):
        planned_nodes(Settings(node_ip=("192.0.2.11",)), 0)


def test_a_machine_without_ipv6_is_refused_when_pods_are_to_have_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nodes, "own_address", {4: "198.51.100.1", 6: None}.get)
    monkeypatch.setattr(nodes, "all_addresses", lambda: {"192.0.2.10"})
    with pytest.raises(UserError, match=r"no IPv6 address.*--node-ip"):
        planned_nodes(BOTH, 0)
    with pytest.raises(UserError, match=r"fd99::1 is an IPv6 address, the cluster has no such"):
        planned_nodes(Settings(node_ip=("fd99::1",)), 0)
