"""Addresses and pods over the death of the agent."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.network_lab import CniFailure, Node, lab, source_seen

pytestmark = [pytest.mark.root, pytest.mark.topology]


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    with lab(tmp_path, nodes=1, subnets=("10.42.{}.0/29",)) as made:
        yield made.nodes[0]


def test_allocations_survive_kill_9(node: Node) -> None:
    before = [node.pod(f"c{number}") for number in range(2)]
    node.kill_agent()
    node.start_agent()
    after = node.pod("c2")
    assert after.address not in {pod.address for pod in before}
    for pod in before:
        node.cni("CHECK", pod.container, pod.path, prevResult=pod.result)


def test_without_agent_the_runtime_shall_try_again(node: Node) -> None:
    node.kill_agent()
    with pytest.raises(CniFailure) as refused:
        node.cni("ADD", "c", node.path)
    assert refused.value.code == 11


def test_lost_books_are_read_back_from_the_kernel(node: Node) -> None:
    pod = node.pod("c0")
    node.kill_agent()
    for file in (node.base / "network").iterdir():
        file.unlink()
    node.start_agent()
    assert node.pod("c1").address != pod.address
    node.cni("DEL", "c0", pod.path)
    assert pod.address not in node.run("ip", "route")


def test_exhausted_range_says_so_and_recovers(node: Node) -> None:
    pods = [node.pod(f"c{number}") for number in range(6)]
    path = node.lab.namespace("late")
    with pytest.raises(CniFailure, match=r"no free address in 10\.42\.1\.0/29: 6 of 6 are in use"):
        node.cni("ADD", "late", path)
    with pytest.raises(CniFailure) as refused:
        node.cni("STATUS", version="1.1.0")
    assert refused.value.code == 50
    node.cni("DEL", "c3", pods[3].path)
    assert node.cni("ADD", "late", path)["ips"][0]["address"] == f"{pods[3].address}/32"


def test_addresses_of_pods_that_a_reboot_took_are_free(node: Node) -> None:
    pods = [node.pod(f"c{number}") for number in range(6)]
    node.kill_agent()
    for pod in pods:
        node.run("ip", "link", "del", pod.result["interfaces"][0]["name"])
    node.start_agent()
    new, other = node.pod("d0"), node.pod("d1")
    assert source_seen(new.path, other.path, other.address) == new.address
