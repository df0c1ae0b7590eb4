"""The CNI contract, through the plugin as a runtime calls it."""

import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from proa.kernel import links, netns
from proa.network import install_plugin
from support.network_lab import CniFailure, Lab, Node, lab, source_seen

pytestmark = [pytest.mark.root, pytest.mark.topology]


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with lab(tmp_path_factory.mktemp("cni"), nodes=1) as made:
        yield made


@pytest.fixture
def node(one: Lab) -> Node:
    return one.nodes[0]


def devices(node: Node) -> set[str]:
    with netns.socket_in(node.path) as netlink:
        return {link.name for link in links.all_links(netlink)}


@pytest.mark.parametrize("version", ["0.3.1", "0.4.0", "1.0.0", "1.1.0"])
def test_add_result_has_the_shape_of_its_version(one: Lab, node: Node, version: str) -> None:
    path = one.namespace(f"shape-{version}")
    result = node.cni("ADD", f"shape-{version}", path, version=version)
    assert result["cniVersion"] == version
    host, pod = result["interfaces"]
    assert (pod["name"], pod["sandbox"]) == ("eth0", str(path))
    assert host["name"] in devices(node)
    (address,) = result["ips"]
    assert address["interface"] == 1
    assert ("version" in address) == (version < "1")
    assert ("mtu" in pod) == (version >= "1.1")


def test_two_pods_of_a_node_reach_each_other_under_their_own_addresses(node: Node) -> None:
    one, two = node.pod("near-a"), node.pod("near-b")
    assert source_seen(one.path, two.path, two.address) == one.address


def test_node_and_pod_reach_each_other(node: Node) -> None:
    pod = node.pod("local")
    assert source_seen(node.path, pod.path, pod.address) == node.address
    assert source_seen(pod.path, node.path, node.address) == pod.address


def test_second_add_gives_the_same_answer(node: Node) -> None:
    pod = node.pod("twice")
    assert node.cni("ADD", "twice", pod.path) == pod.result


def test_check_passes_then_names_what_is_gone(node: Node) -> None:
    pod = node.pod("checked")
    node.cni("CHECK", "checked", pod.path, prevResult=pod.result)
    node.run("ip", "route", "del", pod.address)
    with pytest.raises(CniFailure, match=rf"missing: route {pod.address}/32"):
        node.cni("CHECK", "checked", pod.path, prevResult=pod.result)


def test_del_removes_everything_and_may_be_repeated(node: Node) -> None:
    pod = node.pod("short")
    device = pod.result["interfaces"][0]["name"]
    assert device in devices(node)
    for _ in range(2):
        assert node.cni("DEL", "short", pod.path) == {}
    assert device not in devices(node)
    assert pod.address not in node.run("ip", "route")


def test_del_of_what_was_never_there(node: Node) -> None:
    assert node.cni("DEL", "never-seen", "/run/netns/never") == {}


def test_del_after_the_namespace_is_gone(one: Lab, node: Node) -> None:
    pod = node.pod("vanished")
    netns.delete(pod.path.name)
    node.cni("DEL", "vanished", pod.path)
    assert pod.address not in node.run("ip", "route")


def test_gc_keeps_only_what_the_runtime_knows(tmp_path: Path, one: Lab, node: Node) -> None:
    kept, stale = node.pod("kept"), node.pod("stale")
    known = ("kept", "near-a", "near-b", "twice", "local")
    valid: Any = {"cni.dev/valid-attachments": [{"containerID": name, "ifname": "eth0"} for name in known]}
    node.cni("GC", version="1.1.0", **valid)
    present = node.run("ip", "route")
    assert kept.address in present
    assert stale.address not in present


def test_failed_add_leaves_neither_device_nor_address(node: Node) -> None:
    before = devices(node)
    with pytest.raises(CniFailure, match="network namespace /run/netns/nowhere: no such file"):
        node.cni("ADD", "failed", "/run/netns/nowhere")
    assert devices(node) == before
    with pytest.raises(CniFailure) as refused:
        node.cni("CHECK", "failed", node.path, prevResult={})
    assert refused.value.code == 3


def test_interface_name_that_is_taken_is_refused(one: Lab, node: Node) -> None:
    pod = node.pod("taken")
    with pytest.raises(CniFailure, match="create veth device"):
        node.cni("ADD", "other", pod.path)


@pytest.mark.parametrize(
    ("command", "container", "extra", "code"),
    [
        ("ADD", "", {}, 4),
        ("ADD", "../etc", {}, 4),
        ("ADD", "c", {"ifname": "much-too-long-a-name"}, 4),
        ("ADD", "c", {"version": "0.1.0"}, 1),
        ("GC", "", {"version": "1.0.0"}, 1),
        ("GC", "", {"version": "1.1.0"}, 7),
        ("NONSENSE", "c", {}, 4),
    ],
)
def test_bad_requests_have_the_codes_of_the_specification(
    node: Node, command: str, container: str, extra: dict[str, Any], code: int
) -> None:
    with pytest.raises(CniFailure) as refused:
        node.cni(command, container, node.path, **extra)
    assert refused.value.code == code


def test_pods_that_come_at_once_have_different_addresses(one: Lab, node: Node) -> None:
    paths = {f"many-{number}": one.namespace(f"many-{number}") for number in range(12)}
    with ThreadPoolExecutor(6) as workers:
        results = list(workers.map(lambda it: node.cni("ADD", *it), paths.items()))
        assert len({result["ips"][0]["address"] for result in results}) == len(paths)
        list(workers.map(lambda it: node.cni("DEL", *it), paths.items()))


def test_configuration_that_is_not_json(node: Node) -> None:
    done = subprocess.run(
        [node.base / "bin" / "proa"],
        input=f'{{"socket": "{node.base}/cni.sock", '.encode(),
        capture_output=True,
        env={"CNI_COMMAND": "STATUS"},
        check=False,
    )
    assert done.returncode == 1
    assert b'"code": 6' in done.stdout


def test_version_needs_no_agent(tmp_path: Path) -> None:
    plugin = install_plugin(tmp_path)
    done = subprocess.run(
        [plugin],
        input=b'{"cniVersion":"1.1.0"}',
        capture_output=True,
        env={"CNI_COMMAND": "VERSION"},
        check=True,
    )
    assert b'"supportedVersions": ["0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"]' in done.stdout


def test_socket_is_for_root_alone(node: Node) -> None:
    assert (node.base / "cni.sock").stat().st_mode & 0o777 == 0o600
