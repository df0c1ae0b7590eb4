"""A pod that goes gets no new connection, on any node, a moment after the API server knows of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from proa.kernel import netns
from proa.kube import PODS, HttpClient, PatchType
from proa.kube.config import load_config
from support.cluster import Cluster, eventually
from support.last_answer import Asker, gate, lingering

_NODES = ("node-1", "node-2")
_SOON = 1.0
"""Seconds; it takes a hundredth of that on a machine at rest (benchmarks/endpoint_gone.py)."""


@pytest.fixture
def address(three_nodes: Cluster) -> Iterator[str]:
    """The Service of the pods `on-node-1` and `on-node-2`."""
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "leaving"},
        "spec": {"selector": {"app": "leaving"}, "ports": [{"port": 80, "targetPort": 8080}]},
    }
    three_nodes.apply(*(lingering(f"on-{node}", node, "leaving") for node in _NODES), service)
    try:
        for node in _NODES:
            three_nodes.wait(f"pod/on-{node}", "jsonpath={.status.phase}=Running")
            asyncio.run(patch(three_nodes, f"on-{node}", is_open=True))
            three_nodes.wait(f"pod/on-{node}", "condition=Ready")
        yield str(three_nodes.get("service", "leaving")["spec"]["clusterIP"])
    finally:
        three_nodes.kubectl("delete", "service", "leaving")
        three_nodes.kubectl("delete", "pod", "-l", "app=leaving", "--timeout=60s")


async def patch(cluster: Cluster, name: str, *, is_open: bool) -> None:
    client = HttpClient(load_config(cluster.kubeconfig))
    kind = PatchType.STRATEGIC
    try:
        await client.patch(PODS, name, gate(is_open), "default", subresource="status", kind=kind)
    finally:
        await client.close()


async def delete(cluster: Cluster, name: str) -> None:
    client = HttpClient(load_config(cluster.kubeconfig))
    try:
        await client.delete(PODS, name, "default")
    finally:
        await client.close()


def test_a_pod_that_goes_is_asked_no_more(three_nodes: Cluster, address: str) -> None:
    with ExitStack() as stack:
        askers = [
            stack.enter_context(Asker(netns.NAMES / f"proa-{node}", address)) for node in (*_NODES, "node-3")
        ]

        def answering() -> set[str]:
            return set.intersection(*({who for _, who in asker.answers[-50:]} for asker in askers))

        def last(name: str) -> float:
            return max(asker.last(name) for asker in askers)

        eventually(lambda: answering() == {"on-node-1", "on-node-2"})
        closed = time.monotonic()
        asyncio.run(patch(three_nodes, "on-node-1", is_open=False))
        eventually(lambda: answering() == {"on-node-2"})
        assert last("on-node-1") < closed + _SOON
        asyncio.run(patch(three_nodes, "on-node-1", is_open=True))
        eventually(lambda: answering() == {"on-node-1", "on-node-2"})
        deleted = time.monotonic()
        asyncio.run(delete(three_nodes, "on-node-2"))
        eventually(lambda: answering() == {"on-node-1"})
        assert last("on-node-2") < deleted + _SOON
