"""`proa up --nodes 3`: three nodes on one machine, and pods that reach each other across them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations

import pytest

from support.cluster import Cluster, eventually, http_get, pod

NODES = ("node-1", "node-2", "node-3")


@pytest.fixture
def pods(three_nodes: Cluster) -> Iterator[dict[str, str]]:
    """A web server on every node: its address by the node's name."""
    serve = "mkdir /www; hostname >/www/index.html; exec httpd -f -h /www"
    three_nodes.apply(*(pod(f"on-{name}", "sh", "-c", serve, nodeName=name) for name in NODES))
    for name in NODES:
        three_nodes.wait(f"pod/on-{name}", "condition=Ready")
    yield {name: three_nodes.pod_address(f"on-{name}") for name in NODES}
    three_nodes.kubectl("delete", "pod", *(f"on-{name}" for name in NODES), "--timeout=60s")


def test_three_nodes_are_ready(three_nodes: Cluster) -> None:
    lines = three_nodes.kubectl("get", "nodes", "-o", "wide").stdout.splitlines()[1:]
    assert [(line.split()[0], line.split()[1], line.split()[5]) for line in lines] == [
        ("node-1", "Ready", "10.44.0.11"),
        ("node-2", "Ready", "10.44.0.12"),
        ("node-3", "Ready", "10.44.0.13"),
    ]


def test_each_pod_reaches_each(three_nodes: Cluster, pods: dict[str, str]) -> None:
    pairs = list(permutations(NODES, 2))
    fetchers = [
        pod(
            f"from-{here}-to-{there}",
            "wget",
            "-qO-",
            f"http://{pods[there]}/",
            nodeName=here,
            restartPolicy="Never",
        )
        for here, there in pairs
    ]
    three_nodes.apply(*fetchers)
    try:
        for here, there in pairs:
            name = f"from-{here}-to-{there}"
            three_nodes.wait(f"pod/{name}", "jsonpath={.status.phase}=Succeeded")
            assert three_nodes.kubectl("logs", name).stdout == f"on-{there}\n"
    finally:
        three_nodes.kubectl(
            "delete", "pod", *(each["metadata"]["name"] for each in fetchers), "--timeout=60s"
        )


def test_the_machine_reaches_pods_through_their_node(three_nodes: Cluster, pods: dict[str, str]) -> None:
    def all_answer() -> bool:
        return {name: http_get(address) for name, address in pods.items()} == {n: f"on-{n}\n" for n in NODES}

    eventually(all_answer, seconds=10)


def test_a_claim_stays_on_the_node_that_it_was_made_on(three_nodes: Cluster) -> None:
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "data"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    }
    volumes = [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]
    mounts = [{"name": "data", "mountPath": "/data"}]
    three_nodes.apply(claim)
    seen = set()
    for number in range(3):
        three_nodes.apply(pod(f"user-{number}", volumes=volumes, mounts=mounts))
        three_nodes.wait(f"pod/user-{number}", "condition=Ready")
        seen.add(three_nodes.get("pod", f"user-{number}")["spec"]["nodeName"])
        three_nodes.kubectl("delete", "pod", f"user-{number}", "--timeout=60s")
    three_nodes.kubectl("delete", "pvc", "data", "--timeout=60s")
    assert len(seen) == 1
