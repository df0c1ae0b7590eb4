"""ReplicaSets: the ranking as values, the rest on a real API server."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from proa.cluster.controllers.pod_ranking import surplus
from proa.cluster.controllers.workload_kinds import REPLICA_SETS, REPLICATION_CONTROLLERS
from proa.kube import PODS, Object, controller_of, labels_of
from support.objects import pod
from support.server import eventually
from support.workloads import Workloads, template, workload, workloads

NOW = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)


def running(name: str, *, ready: str | None = "2026-01-01T00:00:00Z", **more: Any) -> Object:
    made = pod(name, nodeName=more.get("node", "n1"))
    made["metadata"] |= {"creationTimestamp": more.get("created", "2026-01-01T00:00:00Z")}
    made["metadata"]["annotations"] = {"controller.kubernetes.io/pod-deletion-cost": more.get("cost", "0")}
    condition = {"type": "Ready", "status": str(ready is not None), "lastTransitionTime": ready}
    made["status"] = {
        "phase": more.get("phase", "Running"),
        "conditions": [condition],
        "containerStatuses": [{"restartCount": more.get("restarts", 0)}],
    }
    return made


RANKS: dict[str, tuple[Object, Object]] = {
    "not bound": (running("b", node=""), running("a")),
    "pending": (running("b", phase="Pending"), running("a")),
    "not ready": (running("b", ready=None), running("a")),
    "cheap": (running("b", cost="-5"), running("a")),
    "cost counts more than the time ready": (running("b", cost="1"), running("a", cost="2")),
    "ready for a short time": (running("b", ready="2026-01-01T23:59:00Z"), running("a")),
    "often restarted": (running("b", restarts=3), running("a")),
    "young": (running("b", created="2026-01-01T23:59:00Z"), running("a")),
    "of two alike, the first by uid": (running("a"), running("b")),
}


@pytest.mark.parametrize("pair", RANKS.values(), ids=RANKS.keys())
def test_the_pod_that_is_missed_least_goes_first(pair: tuple[Object, Object]) -> None:
    for order in (pair, pair[::-1]):
        assert surplus(order, 1, order, NOW) == [pair[0]]


def test_a_pod_beside_others_goes_before_one_alone() -> None:
    alone, beside, other = running("a"), running("b", node="n2"), running("c", node="n2")
    assert surplus([alone, beside], 1, [alone, beside, other], NOW) == [beside]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[Workloads]:
    async with workloads(tmp_path) as world:
        yield world


async def test_a_set_makes_its_pods_and_says_so(world: Workloads) -> None:
    owner = await world.create(REPLICA_SETS, workload("ReplicaSet", replicas=3))
    pods = await world.pods(3)
    for made in pods:
        assert (controller_of(made) or {})["uid"] == owner["metadata"]["uid"]
        assert made["metadata"]["generateName"] == "web-"
        assert len(made["metadata"]["name"]) == len("web-xxxxx")
    await world.event("ReplicaSet", "SuccessfulCreate", f"Created pod: {pods[0]['metadata']['name']}")
    await world.run_pods()
    done = await world.status(REPLICA_SETS, readyReplicas=3, availableReplicas=3)
    assert done["status"]["replicas"] == done["status"]["fullyLabeledReplicas"] == 3
    assert done["status"]["observedGeneration"] == 1


async def test_a_set_never_has_more_pods_than_were_asked_for(world: Workloads) -> None:
    await world.create(REPLICA_SETS, workload("ReplicaSet", replicas=20))
    await world.pods(20)
    await world.status(REPLICA_SETS, replicas=20)
    made = [message for reason, message in await world.events("ReplicaSet") if reason == "SuccessfulCreate"]
    assert len(made) <= 20
    assert len(await world.all(PODS)) == 20


async def test_scaling_down_takes_pods_that_are_not_ready(world: Workloads) -> None:
    await world.create(REPLICA_SETS, workload("ReplicaSet", replicas=3))
    first, *_ = await world.pods(3)
    await world.set_phase(first, "Running", ready=True)
    await world.status(REPLICA_SETS, readyReplicas=1)
    await world.patch(REPLICA_SETS, {"spec": {"replicas": 1}})
    (kept,) = await world.pods(1)
    assert kept["metadata"]["uid"] == first["metadata"]["uid"]


async def test_a_failed_pod_is_replaced(world: Workloads) -> None:
    await world.create(REPLICA_SETS, workload("ReplicaSet", replicas=1))
    (lost,) = await world.pods(1)
    await world.set_phase(lost, "Failed")
    await world.pods(2)
    await world.status(REPLICA_SETS, replicas=1)


async def test_an_orphan_is_adopted_and_a_pod_that_changed_its_labels_released(world: Workloads) -> None:
    orphan = pod("orphan", labels={"app": "web"})
    del orphan["metadata"]["uid"], orphan["status"]
    await world.create(PODS, orphan)
    owner = await world.create(REPLICA_SETS, workload("ReplicaSet", replicas=1))
    await world.status(REPLICA_SETS, replicas=1)
    (adopted,) = await world.pods(1)
    assert (controller_of(adopted) or {})["uid"] == owner["metadata"]["uid"]
    await world.patch(PODS, {"metadata": {"labels": {"app": "debug"}}}, "orphan")
    await world.pods(2)

    async def released() -> bool:
        return controller_of(await world.get(PODS, "orphan")) is None

    await eventually(released)
    assert labels_of(await world.get(PODS, "orphan")) == {"app": "debug"}


async def test_a_pod_counts_as_available_only_after_min_ready_seconds(world: Workloads) -> None:
    await world.create(REPLICA_SETS, workload("ReplicaSet", replicas=1, minReadySeconds=2))
    await world.pods(1)
    await world.run_pods()
    await world.status(REPLICA_SETS, readyReplicas=1, availableReplicas=0)
    await world.status(REPLICA_SETS, availableReplicas=1)


async def test_what_keeps_pods_from_being_made_is_told(world: Workloads) -> None:
    broken = template(serviceAccountName="nobody")
    await world.create(REPLICA_SETS, workload("ReplicaSet", replicas=5, template=broken))

    async def told() -> Object | None:
        conditions = ((await world.get(REPLICA_SETS)).get("status") or {}).get("conditions")
        return dict(conditions[0]) if conditions else None

    condition = await eventually(told)
    assert (condition["type"], condition["status"]) == ("ReplicaFailure", "True")
    assert condition["reason"] == "FailedCreate"
    assert 'serviceaccount "nobody" not found' in condition["message"]
    await world.event("ReplicaSet", "FailedCreate", f"Error creating: {condition['message']}")


async def test_a_replication_controller_keeps_pods_by_its_plain_selector(world: Workloads) -> None:
    one = workload("ReplicationController", replicas=2) | {"apiVersion": "v1"}
    one["spec"]["selector"] = {"app": "web"}
    await world.create(REPLICATION_CONTROLLERS, one)
    await world.roll(REPLICATION_CONTROLLERS, readyReplicas=2)
    await world.patch(REPLICATION_CONTROLLERS, {"spec": {"replicas": 1}})
    found = await world.roll(REPLICATION_CONTROLLERS, replicas=1, readyReplicas=1)
    assert "terminatingReplicas" not in found["status"]
