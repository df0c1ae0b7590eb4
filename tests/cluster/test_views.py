"""What kubectl shows, as on k3s."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.cluster import EXAMPLES, NEWEST, OLDER, Cluster, pod

COLUMNS = {
    "nodes": "NAME STATUS ROLES AGE VERSION INTERNAL-IP EXTERNAL-IP OS-IMAGE KERNEL-VERSION "
    "CONTAINER-RUNTIME",
    "pods": "NAME READY STATUS RESTARTS AGE IP NODE NOMINATED NODE READINESS GATES",
    "pv": "NAME CAPACITY ACCESS MODES RECLAIM POLICY STATUS CLAIM STORAGECLASS "
    "VOLUMEATTRIBUTESCLASS REASON AGE VOLUMEMODE",
    "pvc": "NAME STATUS VOLUME CAPACITY ACCESS MODES STORAGECLASS VOLUMEATTRIBUTESCLASS AGE VOLUMEMODE",
    "sc": "NAME PROVISIONER RECLAIMPOLICY VOLUMEBINDINGMODE ALLOWVOLUMEEXPANSION AGE",
}


@pytest.fixture(scope="module")
def example(any_cluster: Cluster) -> Iterator[Cluster]:
    any_cluster.ensure()
    for name in ("pvc", "pod"):
        any_cluster.kubectl("create", "-f", str(EXAMPLES / "storage" / f"{name}.yaml"))
    any_cluster.wait("pod/volume-test", "condition=Ready")
    yield any_cluster
    for name in ("pod", "pvc"):
        any_cluster.kubectl("delete", "-f", str(EXAMPLES / "storage" / f"{name}.yaml"), "--timeout=60s")


@pytest.mark.parametrize("version", [NEWEST, OLDER])
@pytest.mark.parametrize("kind", list(COLUMNS))
def test_wide_tables(example: Cluster, kind: str, version: str) -> None:
    lines = example.kubectl("get", kind, "-o", "wide", version=version).stdout.splitlines()
    assert " ".join(lines[0].split()) == COLUMNS[kind]
    assert len(lines) == 2


def test_all_kinds_at_once(example: Cluster) -> None:
    shown = example.kubectl("get", "pv,pvc,sc,nodes", "-o", "wide").stdout
    for prefix in (
        "persistentvolume/pvc-",
        "persistentvolumeclaim/local-path-pvc",
        "storageclass.storage.k8s.io/local-path (default)",
        "node/",
    ):
        assert prefix in shown


def test_the_class_is_the_default_and_waits(example: Cluster) -> None:
    line = example.kubectl("get", "sc").stdout.splitlines()[1]
    assert line.split()[:6] == [
        "local-path",
        "(default)",
        "rancher.io/local-path",
        "Delete",
        "WaitForFirstConsumer",
        "false",
    ]


def test_the_node_is_ready_and_says_what_it_is(example: Cluster) -> None:
    line = example.kubectl("get", "nodes", "-o", "wide").stdout.splitlines()[1]
    assert line.split()[1] == "Ready"
    assert "v1.37.2+proa" in line
    assert "containerd://" in line


@pytest.mark.parametrize("version", [NEWEST, OLDER])
def test_describe_tells_a_pods_story(example: Cluster, version: str) -> None:
    shown = example.kubectl("describe", "pod", "volume-test", version=version).stdout
    for words in ("Status:           Running", "local-path-pvc", "Scheduled", "Pulled", "Created", "Started"):
        assert words in shown


def test_describe_tells_a_claims_story(example: Cluster) -> None:
    shown = example.kubectl("describe", "pvc", "local-path-pvc").stdout
    for words in ("Bound", "volume-test", "WaitForFirstConsumer", "Provisioning", "ProvisioningSucceeded"):
        assert words in shown


def test_describe_a_node(example: Cluster) -> None:
    shown = example.kubectl("describe", "node").stdout
    for words in (
        "Capacity:",
        "Allocatable:",
        "PodCIDR:",
        "KubeletReady",
        "volume-test",
        "Allocated resources:",
    ):
        assert words in shown


def test_logs(cluster: Cluster) -> None:
    cluster.apply(pod("talker", "sh", "-c", "echo one; echo two; sleep 1000000"))
    try:
        cluster.wait("pod/talker", "condition=Ready")
        assert cluster.kubectl("logs", "talker").stdout == "one\ntwo\n"
        assert cluster.kubectl("logs", "talker", "--tail=1").stdout == "two\n"
    finally:
        cluster.kubectl("delete", "pod", "talker", "--timeout=60s")


def test_status_names_every_part(cluster: Cluster) -> None:
    result = cluster.proa("status")
    parts = {
        line.split()[0]: line.split()[1]
        for line in result.stdout.splitlines()[1:]
        if not line.startswith("node")
    }
    assert {name.split("-")[0]: state for name, state in parts.items()} == {
        "server": "running", "containerd": "running", "agent": "running",
    }  # fmt: skip


def test_up_again_says_that_it_runs(cluster: Cluster) -> None:
    assert "running already" in cluster.proa("up").stdout


def test_proa_kubectl_speaks_to_this_cluster(cluster: Cluster) -> None:
    assert "kube-system" in cluster.proa("kubectl", "get", "namespaces").stdout


def test_images_are_listed(cluster: Cluster) -> None:
    assert "docker.io/library/busybox:stable" in cluster.proa("images", "list").stdout
