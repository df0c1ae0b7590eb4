from __future__ import annotations

from typing import Any

import pytest

from proa.cluster.scheduler.cluster import Cluster
from proa.cluster.scheduler.decision import Decision, decide
from proa.cluster.scheduler.filters import Change
from proa.cluster.scheduler.pod import pod_info
from proa.kube import Object
from support.objects import claim, node, pod, storage_class, volume, with_claims


def add(cluster: Cluster, *nodes: Object) -> None:
    for each in nodes:
        cluster.set_node(each["metadata"]["name"], each)


def place_user(cluster: Cluster, *claims: str) -> Decision:
    return decide(pod_info(pod(**with_claims(*claims))), cluster)


REFUSALS: dict[str, tuple[list[Object], str]] = {
    "missing": ([], 'persistentvolumeclaim "data" not found'),
    "lost": (
        [claim(phase="Lost", volumeName="pv")],
        'persistentvolumeclaim "data" bound to non-existent persistentvolume "pv"',
    ),
    "immediate": (
        [claim(), storage_class(mode="Immediate")],
        "pod has unbound immediate PersistentVolumeClaims",
    ),
    "no class": ([claim(storageClassName="")], "pod has unbound immediate PersistentVolumeClaims"),
    "static class without volumes": (
        [claim(), storage_class(provisioner="kubernetes.io/no-provisioner")],
        "2 node(s) didn't find available persistent volumes to bind",
    ),
    "bound elsewhere": (
        [
            claim(volumeName="pv", annotations={"pv.kubernetes.io/bind-completed": "yes"}),
            volume(node_name="gone", phase="Bound"),
        ],
        "2 node(s) didn't match PersistentVolume's node affinity",
    ),
    "volume vanished": (
        [claim(volumeName="pv", annotations={"pv.kubernetes.io/bind-completed": "yes"})],
        'persistentvolume "pv" not found',
    ),
    "topology not allowed": (
        [
            claim(),
            storage_class(allowedTopologies=[{"matchLabelExpressions": [{"key": "zone", "values": ["x"]}]}]),
        ],
        "2 node(s) didn't find available persistent volumes to bind",
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_refused(case: str, cluster: Cluster, volumes: Any) -> None:
    objects, why = REFUSALS[case]
    add(cluster, node("a"), node("b"))
    for obj in objects:
        volumes.add(obj)
    decision = place_user(cluster, "data")
    assert decision.message == f"0/2 nodes are available: {why}."
    assert Change.STORAGE in decision.changes


CONSENTS: dict[str, list[Object]] = {
    "bound here": [
        claim(volumeName="pv", annotations={"pv.kubernetes.io/bind-completed": "yes"}),
        volume(node_name="b", phase="Bound"),
    ],
    "being provisioned here": [
        claim(annotations={"volume.kubernetes.io/selected-node": "b"}),
        storage_class(),
    ],
    "a static volume here": [
        claim(),
        storage_class(provisioner="kubernetes.io/no-provisioner"),
        volume(node_name="b"),
    ],
    "topology allowed here": [
        claim(),
        storage_class(
            allowedTopologies=[
                {"matchLabelExpressions": [{"key": "kubernetes.io/hostname", "values": ["b"]}]}
            ]
        ),
    ],
}


@pytest.mark.parametrize("case", CONSENTS)
def test_goes_where_the_volume_is(case: str, cluster: Cluster, volumes: Any) -> None:
    add(cluster, node("a"), node("b"))
    for obj in CONSENTS[case]:
        volumes.add(obj)
    assert place_user(cluster, "data").node == "b"


def test_two_claims_do_not_share_one_static_volume(cluster: Cluster, volumes: Any) -> None:
    add(cluster, node("a"))
    static = storage_class(provisioner="kubernetes.io/no-provisioner")
    for obj in (claim("one"), claim("two"), static, volume("pv-1")):
        volumes.add(obj)
    assert "available persistent volumes" in place_user(cluster, "one", "two").message
    volumes.add(volume("pv-2"))
    assert place_user(cluster, "one", "two").node == "a"


def test_a_volume_assumed_for_another_claim_is_taken(cluster: Cluster, volumes: Any) -> None:
    add(cluster, node("a"))
    for obj in (claim(), storage_class(provisioner="kubernetes.io/no-provisioner"), volume()):
        volumes.add(obj)
    cluster.assumed_volumes["pv"] = "default/other"
    assert place_user(cluster, "data").node == ""


def test_read_write_once_pod_serves_one_pod(cluster: Cluster, volumes: Any) -> None:
    add(cluster, node("a"))
    volumes.add(
        claim(
            volumeName="pv",
            accessModes=["ReadWriteOncePod"],
            annotations={"pv.kubernetes.io/bind-completed": "yes"},
        )
    )
    volumes.add(volume(phase="Bound"))
    cluster.place(pod_info(pod("first", **with_claims("data"))), "a")
    assert "ReadWriteOncePod" in place_user(cluster, "data").message
    cluster.remove("pod-default-first")
    assert place_user(cluster, "data").node == "a"
