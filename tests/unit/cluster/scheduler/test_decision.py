from __future__ import annotations

from typing import Any

import pytest

from proa.cluster.scheduler.cluster import Cluster
from proa.cluster.scheduler.decision import count, decide
from proa.cluster.scheduler.filters import Change, Refusal
from proa.cluster.scheduler.pod import pod_info
from proa.kube import Object
from support.objects import node, pod

ZONES = {"a": {"zone": "a"}, "b": {"zone": "b"}, "c": {"zone": "b"}}


def add(cluster: Cluster, *nodes: Object) -> None:
    for each in nodes:
        cluster.set_node(each["metadata"]["name"], each)


def place(cluster: Cluster, obj: Object, node_name: str) -> None:
    cluster.place(pod_info(obj), node_name)


def refused(cluster: Cluster, obj: Object) -> str:
    decision = decide(pod_info(obj), cluster)
    assert decision.node == ""
    return decision.message


def chosen(cluster: Cluster, obj: Object) -> str:
    decision = decide(pod_info(obj), cluster)
    assert decision.message == ""
    return decision.node


def affinity(kind: str, labels: dict[str, str], key: str = "zone", **more: Any) -> Object:
    term = {"labelSelector": {"matchLabels": labels}, "topologyKey": key} | more
    return {kind: {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}


def prefer_node(key: str, value: str) -> Object:
    preference = {"matchExpressions": [{"key": key, "operator": "In", "values": [value]}]}
    return {
        "nodeAffinity": {
            "preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1, "preference": preference}]
        }
    }


def test_without_nodes_the_message_is_upstreams(cluster: Cluster) -> None:
    assert refused(cluster, pod()) == "no nodes available to schedule pods"


def test_reasons_are_counted_and_sorted_as_upstream_does(cluster: Cluster) -> None:
    tainted = {"key": "k", "value": "v", "effect": "NoSchedule"}
    add(cluster, node("a", cpu="1"), node("b", taints=[tainted]), node("c", taints=[tainted]))
    assert refused(cluster, pod(cpu="2")) == (
        "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) had untolerated taint(s)."
    )


def test_count_lists_every_reason_of_a_node() -> None:
    assert count([Refusal(("Too many pods", "Insufficient cpu")), Refusal(("Insufficient cpu",))]) == (
        "1 Too many pods, 2 Insufficient cpu"
    )


SIMPLE_REFUSALS = {
    "cordoned": (node(unschedulable=True), pod(), "1 node(s) were unschedulable"),
    "not ready": (
        node(conditions=[{"type": "Ready", "status": "False"}]),
        pod(),
        "1 node(s) had untolerated taint(s)",
    ),
    "node selector": (
        node(),
        pod(nodeSelector={"disk": "ssd"}),
        "1 node(s) didn't match Pod's node affinity/selector",
    ),
    "memory": (node(memory="1Gi"), pod(memory="2Gi"), "1 Insufficient memory"),
    "pods": (node(pods="0"), pod(), "1 Too many pods"),
    "extended resource": (
        node(),
        pod(containers=[{"name": "c", "resources": {"limits": {"example.com/gpu": "1"}}}]),
        "1 Insufficient example.com/gpu",
    ),
}


@pytest.mark.parametrize("case", SIMPLE_REFUSALS)
def test_refused_for(case: str, cluster: Cluster) -> None:
    where, what, why = SIMPLE_REFUSALS[case]
    add(cluster, where)
    assert refused(cluster, what) == f"0/1 nodes are available: {why}."


SIMPLE_CONSENTS = {
    "cordoned, but tolerated": (
        node(unschedulable=True),
        pod(tolerations=[{"key": "node.kubernetes.io/unschedulable", "operator": "Exists"}]),
    ),
    "tainted, but all is tolerated": (
        node(taints=[{"key": "k", "effect": "NoExecute"}]),
        pod(tolerations=[{"operator": "Exists"}]),
    ),
    "label there": (node(labels={"disk": "ssd"}), pod(nodeSelector={"disk": "ssd"})),
    "exactly full": (node(cpu="2"), pod(cpu="2")),
    "a soft taint": (node(taints=[{"key": "k", "effect": "PreferNoSchedule"}]), pod()),
}


@pytest.mark.parametrize("case", SIMPLE_CONSENTS)
def test_admitted_though(case: str, cluster: Cluster) -> None:
    where, what = SIMPLE_CONSENTS[case]
    add(cluster, where)
    assert chosen(cluster, what) == "n1"


def test_placed_pods_take_room_and_give_it_back(cluster: Cluster) -> None:
    add(cluster, node(cpu="2"))
    place(cluster, pod("first", cpu="1500m"), "n1")
    assert "Insufficient cpu" in refused(cluster, pod("second", cpu="1"))
    cluster.remove("pod-default-first")
    assert chosen(cluster, pod("second", cpu="1")) == "n1"


def test_a_host_port_is_taken_once_per_address_and_protocol(cluster: Cluster) -> None:
    def wants(name: str, **port: Any) -> Object:
        return pod(name, ports=[{"containerPort": 80, "hostPort": 8080} | port])

    add(cluster, node())
    place(cluster, wants("first", hostIP="10.0.0.1"), "n1")
    assert "free ports" in refused(cluster, wants("second"))
    assert "free ports" in refused(cluster, wants("second", hostIP="10.0.0.1"))
    assert chosen(cluster, wants("second", hostIP="10.0.0.2")) == "n1"
    assert chosen(cluster, wants("second", protocol="UDP")) == "n1"


def test_required_node_affinity_by_expression_and_by_name(cluster: Cluster) -> None:
    terms = [{"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["b"]}]}]
    required = {
        "nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}
    }
    add(cluster, node("a"), node("b"))
    assert chosen(cluster, pod(affinity=required)) == "b"


def test_anti_affinity_keeps_apart_both_ways(cluster: Cluster) -> None:
    add(cluster, *(node(name, labels=labels) for name, labels in ZONES.items()))
    shy = pod("shy", labels={"app": "x"}, affinity=affinity("podAntiAffinity", {"app": "x"}))
    place(cluster, shy, "b")
    assert chosen(cluster, pod("other", labels={"app": "x"})) == "a"
    place(cluster, pod("plain", labels={"app": "x"}), "a")
    message = refused(cluster, pod("third", labels={"app": "x"}, affinity=shy["spec"]["affinity"]))
    assert message == "0/3 nodes are available: 3 node(s) didn't match pod anti-affinity rules."
    message = refused(cluster, pod("fourth", labels={"app": "x"}, nodeSelector={"zone": "b"}))
    assert "2 node(s) didn't satisfy existing pods anti-affinity rules" in message


def test_affinity_follows_and_the_first_of_a_group_may_start_it(cluster: Cluster) -> None:
    add(cluster, *(node(name, labels=labels) for name, labels in ZONES.items()))
    together = affinity("podAffinity", {"app": "x"})
    assert "pod affinity rules" in refused(cluster, pod("stranger", affinity=together))
    assert chosen(cluster, pod("founder", labels={"app": "x"}, affinity=together))
    place(cluster, pod("founder", labels={"app": "x"}), "c")
    assert chosen(cluster, pod("follower", affinity=together)) in ("b", "c")


def test_affinity_looks_only_into_the_namespaces_of_its_term(cluster: Cluster) -> None:
    add(cluster, node("a", labels={"zone": "a"}))
    place(cluster, pod("there", namespace="other", labels={"app": "x"}), "a")
    cluster.namespaces["other"] = {"team": "t"}
    assert "affinity" in refused(cluster, pod(affinity=affinity("podAffinity", {"app": "x"})))
    by_name = affinity("podAffinity", {"app": "x"}, namespaces=["other"])
    by_label = affinity("podAffinity", {"app": "x"}, namespaceSelector={"matchLabels": {"team": "t"}})
    assert chosen(cluster, pod(affinity=by_name)) == "a"
    assert chosen(cluster, pod(affinity=by_label)) == "a"


def test_topology_spread_bounds_the_skew(cluster: Cluster) -> None:
    add(cluster, *(node(name, labels=labels) for name, labels in ZONES.items()))
    constraint = {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"}
    spread: dict[str, Any] = {
        "labels": {"app": "x"},
        "topologySpreadConstraints": [constraint | {"labelSelector": {"matchLabels": {"app": "x"}}}],
    }
    place(cluster, pod("one", labels={"app": "x"}), "a")
    assert chosen(cluster, pod("two", **dict(spread))) in ("b", "c")
    pinned = dict(spread) | {"nodeSelector": {"zone": "a"}}
    assert chosen(cluster, pod("alone in its eligible domain", **pinned)) == "a"
    cordoned = [
        node("b", labels=ZONES["b"], unschedulable=True),
        node("c", labels=ZONES["c"], unschedulable=True),
    ]
    add(cluster, *cordoned)
    assert "1 node(s) didn't match pod topology spread constraints" in refused(
        cluster, pod("two", **dict(spread))
    )


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        (pod(affinity=prefer_node("zone", "b"), cpu="1"), "b"),
        (pod(cpu="1"), "a"),
        (pod(cpu="1", tolerations=[{"operator": "Exists"}]), "b"),
    ],
    ids=["preferred affinity", "soft taint avoided", "soft taint tolerated: the emptier one"],
)
def test_the_better_node(what: Object, expected: str, cluster: Cluster) -> None:
    soft = {"key": "k", "effect": "PreferNoSchedule"}
    taints = [] if "affinity" in what["spec"] else [soft]
    add(cluster, node("a", labels={"zone": "a"}), node("b", labels={"zone": "b"}, taints=taints))
    place(cluster, pod("load", cpu="1"), "a")
    assert chosen(cluster, what) == expected


def test_replicas_of_one_owner_spread(cluster: Cluster) -> None:
    add(cluster, node("a"), node("b", cpu="2", memory="2Gi"))
    place(cluster, pod("r1", owner="rs"), "a")
    assert chosen(cluster, pod("r2", owner="rs")) == "b"


def test_an_overlooked_pod_waits_for_the_changes_that_can_help_it(cluster: Cluster) -> None:
    add(cluster, node(cpu="1"))
    decision = decide(pod_info(pod(cpu="2")), cluster)
    assert decision.changes == {Change.NODE, Change.POD_GONE}


def test_a_pod_that_claims_devices_goes_nowhere(cluster: Cluster) -> None:
    add(cluster, node("a"))
    said = refused(cluster, pod(resourceClaims=[{"name": "gpu", "resourceClaimName": "g"}]))
    assert said == "0/1 nodes are available: resource claims (gpu) are not allocated in this cluster."
