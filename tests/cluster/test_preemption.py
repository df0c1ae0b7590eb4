"""A pod of high priority gets the place of one that matters less, and a budget decides of which."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from support.cluster import Cluster, eventually, pod

SEAT = "example.com/seat"
PRIORITIES = {"story-low": 1, "story-middle": 10, "story-urgent": 100, "story-polite": 100}


@contextmanager
def two_seats(cluster: Cluster) -> Iterator[str]:
    """The node, which offers two pods a seat; the kubelet makes allocatable what is added to its capacity."""
    (node,) = cluster.get("nodes")["items"]
    name = node["metadata"]["name"]
    patch = ("patch", "node", name, "--subresource=status", "--type=merge", "-p")
    for priority, value in PRIORITIES.items():
        policy = "Never" if priority == "story-polite" else "PreemptLowerPriority"
        made = {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "value": value}
        cluster.apply(made | {"metadata": {"name": priority}, "preemptionPolicy": policy})
    try:
        cluster.kubectl(*patch, json.dumps({"status": {"capacity": {SEAT: "2"}}}))
        cluster.wait(f"node/{name}", "jsonpath={.status.allocatable.example\\.com/seat}=2")
        yield name
    finally:
        cluster.kubectl(*patch, json.dumps({"status": {"capacity": {SEAT: None}}}))
        cluster.kubectl("delete", "priorityclass", *PRIORITIES)


def seated(name: str, priority: str, namespace: str) -> dict[str, Any]:
    """A pod that takes a seat, and four seconds to leave it."""
    made: dict[str, Any] = pod(name, "sleep", "1000000")
    made["metadata"] |= {"namespace": namespace, "labels": {"app": name}}
    made["spec"] |= {"priorityClassName": priority, "terminationGracePeriodSeconds": 4}
    made["spec"]["containers"][0]["resources"] = {"limits": {SEAT: "1"}}
    return made


def test_who_matters_more_gets_the_place_that_no_budget_guards(cluster: Cluster) -> None:
    with two_seats(cluster) as node, cluster.namespace("preempted") as namespace:
        space = ("-n", namespace)
        for name, priority in (("guarded", "story-low"), ("free", "story-middle")):
            cluster.apply(seated(name, priority, namespace))
        spec = {"minAvailable": 1, "selector": {"matchLabels": {"app": "guarded"}}}
        metadata = {"name": "guarded", "namespace": namespace}
        budget = {
            "apiVersion": "policy/v1",
            "kind": "PodDisruptionBudget",
            "metadata": metadata,
            "spec": spec,
        }
        cluster.apply(budget)
        cluster.kubectl("wait", "pod/guarded", "pod/free", "--for=condition=Ready", *space, "--timeout=30s")
        cluster.wait("pdb/guarded", "jsonpath={.status.currentHealthy}=1", namespace)

        cluster.apply(seated("polite", "story-polite", namespace))
        cluster.wait("pod/polite", "condition=PodScheduled=false", namespace)
        (said,) = cluster.get("pod/polite", *space)["status"]["conditions"]
        assert said["message"].endswith("preemption: not eligible due to preemptionPolicy=Never.")

        cluster.apply(seated("urgent", "story-urgent", namespace))

        def waits_there() -> bool:
            line = cluster.kubectl(
                "get", "pod", "urgent", "-o", "wide", "--no-headers", *space
            ).stdout.split()
            return line[-2] == node  # NOMINATED NODE

        eventually(waits_there)
        cluster.kubectl("wait", "pod/urgent", "--for=condition=Ready", *space, "--timeout=30s")
        left = {one["metadata"]["name"] for one in cluster.get("pods", *space)["items"]}
        assert left == {"guarded", "urgent", "polite"}
        events = cluster.kubectl("get", "events", *space, "--field-selector=reason=Preempted").stdout
        assert "pod/free" in events
        assert "pod/guarded" not in events
