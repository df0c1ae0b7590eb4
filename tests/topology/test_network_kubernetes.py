"""The agent follows nodes in Kubernetes: its own range, its peers, what it publishes."""

import asyncio
import contextlib
import json
import os
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from ipaddress import ip_address, ip_interface
from pathlib import Path
from typing import Any

import pytest

from proa.kernel import addresses, entries, links, netns
from proa.kernel.addresses import Address
from proa.kernel.links import Link
from proa.kernel.netlink import Netlink
from proa.kube import NODES, Object
from proa.network import NetworkAgent, NetworkConfig, net_conf
from proa.network.nodes import PREFIX
from support.memory_client import MemoryClient

pytestmark = [pytest.mark.root, pytest.mark.topology]

CIDRS = ("10.42.0.0/16", "fd42::/48")
MAC, OTHER = "02:00:00:00:00:02", "02:00:00:00:00:03"


class Cluster(MemoryClient):
    """Nodes in memory; a merge patch of annotations is all that the agent writes."""

    async def patch(self, resource: Any, name: str, patch: Mapping[str, Any], *_: Any, **__: Any) -> Object:
        node = await self.get(resource, name)
        node["metadata"].setdefault("annotations", {}).update(patch["metadata"]["annotations"])
        self.writes.append(("patch", resource.plural, name))
        return self.put(resource, node)

    def is_watched(self) -> bool:
        return bool(self._watches)

    def annotations(self, name: str) -> dict[str, str]:
        (node,) = (it for it in self.all(NODES) if it["metadata"]["name"] == name)
        return dict(node["metadata"].get("annotations", {}))


def node(name: str, cidr: str, **told: str) -> Object:
    annotations = {PREFIX + key.replace("_", "-"): value for key, value in told.items()}
    spec = {"podCIDR": cidr, "podCIDRs": [cidr]} if cidr else {}
    return {
        "kind": "Node",
        "metadata": {"name": name, "annotations": annotations},
        "spec": spec,
        "status": {},
    }


def peer(name: str = "n2", mac: str = MAC, backend: str = "vxlan") -> Object:
    data = json.dumps({"VNI": 1, "VtepMAC": mac})
    return node(name, "10.42.2.0/24", backend_type=backend, backend_data=data, public_ip="10.77.0.12")


@pytest.fixture
def namespace() -> Iterator[Path]:
    name = f"pkube{os.getpid() % 100_000}"
    path = netns.create(name)
    try:
        with netns.socket_in(path) as netlink:
            index = links.ensure(netlink, Link("eth0", "bridge"))
            own = ("10.77.0.11/24", "fd77::11/64")
            netlink.execute([addresses.add(Address(ip_interface(text), index)) for text in own])
        yield path
    finally:
        netns.delete(name)


def inside(namespace: Path, story: Callable[[], Awaitable[None]]) -> None:
    """Runs a story with an event loop whose threads all stand in the namespace."""
    failures: list[BaseException] = []

    async def told() -> None:
        await story()

    def run() -> None:
        try:
            with netns.entered(namespace):
                asyncio.run(told())
        except BaseException as error:  # noqa: BLE001 - handed to the test's own thread
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if failures:
        raise failures[0]


@contextlib.asynccontextmanager
async def running(base: Path, cluster: Cluster) -> AsyncIterator[NetworkAgent]:
    config = NetworkConfig(
        "n1", base / "network", base / "cni.sock", base / "net.d", base / "bin", net_conf(CIDRS),
        node_ips=(ip_address("10.77.0.11"), ip_address("fd77::11")),
    )  # fmt: skip
    agent = NetworkAgent(config, cluster.client)
    task = asyncio.create_task(agent.run())
    try:
        yield agent
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "still not so"
        await asyncio.sleep(0.02)


def state() -> entries.Entries:
    with Netlink() as netlink:
        return entries.read(netlink)


def hops() -> dict[str, str]:
    return {str(it.destination): str(it.via) for it in state().routes if it.via}


def macs() -> set[str]:
    return {it.mac for it in state().neighbours} | {it.mac for it in state().forwarding}


def test_pods_wait_until_a_range_is_assigned(tmp_path: Path, namespace: Path) -> None:
    async def story() -> None:
        cluster = Cluster()
        cluster.put(NODES, node("n1", ""))
        async with running(tmp_path, cluster) as agent:
            await eventually(cluster.is_watched)
            assert not agent.ready.is_set()
            assert not (tmp_path / "net.d").exists()
            cluster.put(NODES, node("n1", "10.42.1.0/24"))
            async with asyncio.timeout(10):
                await agent.ready.wait()
            assert (tmp_path / "net.d" / "10-proa.conflist").exists()
            await eventually(lambda: PREFIX + "public-ip" in cluster.annotations("n1"))
            told = cluster.annotations("n1")
            assert told[PREFIX + "public-ip"] == "10.77.0.11"
            with Netlink() as netlink:
                device = links.get(netlink, "proa-vxlan")
            assert json.loads(told[PREFIX + "backend-data"]) == {"VNI": 1, "VtepMAC": device.mac}

    inside(namespace, story)


def test_peers_come_change_and_go(tmp_path: Path, namespace: Path) -> None:
    async def story() -> None:
        cluster = Cluster()
        cluster.put(NODES, node("n1", "10.42.1.0/24"))
        async with running(tmp_path, cluster):
            await eventually(cluster.is_watched)
            cluster.put(NODES, peer())
            await eventually(lambda: hops() == {"10.42.2.0/24": "10.42.2.0"})
            await eventually(lambda: macs() == {MAC})
            cluster.put(NODES, peer(mac=OTHER))
            await eventually(lambda: macs() == {OTHER})
            cluster.drop(NODES, "n2")
            await eventually(lambda: hops() == {} and macs() == set())

    inside(namespace, story)


def test_peer_under_another_backend_is_named_not_routed(tmp_path: Path, namespace: Path) -> None:
    async def story() -> None:
        cluster = Cluster()
        cluster.put(NODES, node("n1", "10.42.1.0/24"))
        cluster.put(NODES, peer(backend="host-gw"))
        async with running(tmp_path, cluster) as agent:
            await eventually(lambda: agent.unreached == {"n2": "its backend is host-gw, ours vxlan"})
            assert hops() == {}

    inside(namespace, story)


def test_removed_annotations_are_published_again(tmp_path: Path, namespace: Path) -> None:
    async def story() -> None:
        cluster = Cluster()
        cluster.put(NODES, node("n1", "10.42.1.0/24"))
        async with running(tmp_path, cluster):
            await eventually(lambda: bool(cluster.annotations("n1")))
            cluster.put(NODES, node("n1", "10.42.1.0/24"))
            await eventually(lambda: bool(cluster.annotations("n1")))

    inside(namespace, story)


def test_each_family_of_a_peer_comes_and_goes_by_itself(tmp_path: Path, namespace: Path) -> None:
    async def story() -> None:
        cluster = Cluster()
        own, other = node("n1", "10.42.1.0/24"), peer()
        own["spec"]["podCIDRs"] = ["10.42.1.0/24", "fd42:0:0:1::/64"]
        other["spec"]["podCIDRs"] = ["10.42.2.0/24", "fd42:0:0:2::/64"]
        cluster.put(NODES, own)
        async with running(tmp_path, cluster):
            await eventually(lambda: PREFIX + "public-ipv6" in cluster.annotations("n1"))
            told = cluster.annotations("n1")
            assert told[PREFIX + "public-ipv6"] == "fd77::11"
            with Netlink() as netlink:
                device = links.get(netlink, "proa-vxlan6")
            assert json.loads(told[PREFIX + "backend-v6-data"]) == {"VNI": 1, "VtepMAC": device.mac}
            cluster.put(NODES, other)
            await eventually(lambda: hops() == {"10.42.2.0/24": "10.42.2.0"})
            other["metadata"]["annotations"] |= {
                PREFIX + "public-ipv6": "fd77::12",
                PREFIX + "backend-v6-data": json.dumps({"VNI": 1, "VtepMAC": OTHER}),
            }
            cluster.put(NODES, other)
            await eventually(lambda: hops().get("fd42:0:0:2::/64") == "fe80::ff:fe00:3")
            assert macs() == {MAC, OTHER}
            cluster.drop(NODES, "n2")
            await eventually(lambda: hops() == {} and macs() == set())

    inside(namespace, story)
