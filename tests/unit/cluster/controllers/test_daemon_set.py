"""DaemonSets: placement and steps as values, then the controller on a real API server."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from proa.cluster.controllers import daemon_plan
from proa.cluster.controllers.daemon_placement import Slot, daemon_pod, slots, target_node
from proa.cluster.controllers.daemon_plan import Limits, Plan, View
from proa.cluster.controllers.workload_kinds import CONTROLLER_REVISIONS, DAEMON_SETS
from proa.kube import NODES, PODS, Object, labels_of
from support.objects import node, pod
from support.server import eventually
from support.workloads import Workloads, template, workload, workloads

NOW = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)
VIEW = View("new", 0, NOW)


def daemon(**spec: Any) -> Object:
    made = workload("DaemonSet", template=template(**spec))
    made["metadata"] |= {"uid": "u-web", "generation": 1}
    return made


def on(revision: str, *, ready: bool = True, **more: Any) -> Object:
    made = pod(more.get("name", revision), labels={"controller-revision-hash": revision})
    made["status"] = {
        "phase": more.get("phase", "Running"),
        "conditions": [{"type": "Ready", "status": str(ready), "lastTransitionTime": "2026-01-01T00:00:00Z"}],
    }
    if more.get("deleting"):
        made["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    return made


def taint(effect: str) -> list[Object]:
    return [{"key": "k", "effect": effect}]


PLACES: dict[str, tuple[Object, Object, tuple[bool, bool]]] = {
    "any node": (daemon(), node(), (True, True)),
    "an unschedulable node": (
        daemon(),
        node(taints=[{"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}]),
        (True, True),
    ),
    "a NoSchedule taint": (daemon(), node(taints=taint("NoSchedule")), (False, True)),
    "a NoExecute taint": (daemon(), node(taints=taint("NoExecute")), (False, False)),
    "a tolerated taint": (
        daemon(tolerations=[{"operator": "Exists"}]),
        node(taints=taint("NoExecute")),
        (True, True),
    ),
    "another label": (daemon(nodeSelector={"disk": "ssd"}), node(), (False, False)),
    "the label": (daemon(nodeSelector={"disk": "ssd"}), node(labels={"disk": "ssd"}), (True, True)),
    "another name": (daemon(nodeName="other"), node(), (False, False)),
}


@pytest.mark.parametrize(("owner", "place", "expected"), PLACES.values(), ids=PLACES.keys())
def test_where_a_daemon_runs_and_where_it_may_stay(
    owner: Object, place: Object, expected: tuple[bool, bool]
) -> None:
    (slot,) = slots(owner, [place], [])
    assert (slot.runs, slot.stays) == expected


def test_a_daemon_pod_is_meant_for_its_node_and_keeps_what_else_the_template_says() -> None:
    preferred = [{"weight": 1, "preference": {}}]
    field = "preferredDuringSchedulingIgnoredDuringExecution"
    made = daemon_pod(daemon(affinity={"nodeAffinity": {field: preferred}}), "n1", "abc")
    assert target_node(made) == "n1"
    assert made["spec"]["affinity"]["nodeAffinity"][field] == preferred
    assert labels_of(made) == {"app": "web", "controller-revision-hash": "abc"}
    keys = {t["key"].removeprefix("node.kubernetes.io/") for t in made["spec"]["tolerations"]}
    assert keys == {
        "not-ready",
        "unreachable",
        "disk-pressure",
        "memory-pressure",
        "pid-pressure",
        "unschedulable",
    }


def names(plan: Plan) -> tuple[list[str], list[str]]:
    return plan.create, [pod["metadata"]["name"] for pod in plan.delete]


KEPT: dict[str, tuple[list[Object], bool, tuple[list[str], list[str]]]] = {
    "a missing pod is made": ([], False, (["n"], [])),
    "a pod stays": ([on("new")], False, ([], [])),
    "a failed pod goes, its node is not free yet": ([on("new", phase="Failed")], False, ([], ["new"])),
    "an ending pod keeps its node": ([on("new", deleting=True)], False, ([], [])),
    "in a surge it does not": ([on("old", deleting=True)], True, (["n"], [])),
    "one too many goes": ([on("new"), on("new", name="b")], False, ([], ["b"])),
    "a surge has two": ([on("old"), on("new", ready=False)], True, ([], [])),
    "until the new one is available": ([on("old"), on("new")], True, ([], ["old"])),
    "or the old one is not ready": ([on("old", ready=False), on("new", ready=False)], True, ([], ["old"])),
}


@pytest.mark.parametrize(("pods", "surges", "expected"), KEPT.values(), ids=KEPT.keys())
def test_each_node_keeps_one_pod(
    pods: list[Object], surges: bool, expected: tuple[list[str], list[str]]
) -> None:
    assert names(daemon_plan.keep([Slot("n", True, True, pods)], VIEW, surges=surges)) == expected


def test_pods_leave_a_node_where_they_may_not_stay() -> None:
    assert names(daemon_plan.keep([Slot("n", False, False, [on("new")])], VIEW, surges=False)) == (
        [],
        ["new"],
    )


UPDATES: dict[str, tuple[list[list[Object]], Limits, tuple[list[str], list[str]]]] = {
    "one at a time": ([[on("old", name="a")], [on("old", name="b")]], Limits(0, 1), ([], ["a"])),
    "not while one is missing": ([[on("new", ready=False)], [on("old", name="b")]], Limits(0, 1), ([], [])),
    "broken ones at once": (
        [[on("old", name="a", ready=False)], [on("old", name="b")]],
        Limits(0, 1),
        ([], ["a"]),
    ),
    "surge makes first": ([[on("old", name="a")], [on("old", name="b")]], Limits(1, 0), (["n0"], [])),
    "surge waits": ([[on("old"), on("new", ready=False)], [on("old", name="b")]], Limits(1, 0), ([], [])),
    "surge ends the old": ([[on("old"), on("new")], [on("new")]], Limits(1, 0), ([], ["old"])),
}


@pytest.mark.parametrize(("placed", "limit", "expected"), UPDATES.values(), ids=UPDATES.keys())
def test_an_update_steps(
    placed: list[list[Object]], limit: Limits, expected: tuple[list[str], list[str]]
) -> None:
    places = [Slot(f"n{number}", True, True, pods) for number, pods in enumerate(placed)]
    assert names(daemon_plan.update(places, VIEW, limit)) == expected


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[Workloads]:
    async with workloads(tmp_path) as world:
        for name in ("n1", "n2"):
            await world.add_node(name)
        yield world


def done(nodes: int) -> dict[str, Any]:
    fields = ("desiredNumberScheduled", "currentNumberScheduled", "numberReady", "numberAvailable")
    counts: dict[str, Any] = dict.fromkeys(fields, nodes)
    return counts | {"updatedNumberScheduled": nodes, "numberUnavailable": 0, "numberMisscheduled": 0}


async def test_every_node_gets_a_pod_also_one_that_comes_later(world: Workloads) -> None:
    await world.create(DAEMON_SETS, workload("DaemonSet"))
    await world.roll(DAEMON_SETS, observedGeneration=1, **done(2))
    await world.add_node("n3")
    await world.roll(DAEMON_SETS, **done(3))
    assert sorted(map(target_node, await world.all(PODS))) == ["n1", "n2", "n3"]


async def test_pods_that_wait_for_a_node_that_is_gone_go(world: Workloads) -> None:
    await world.create(DAEMON_SETS, workload("DaemonSet"))
    await world.pods(2)
    await world.client.delete(NODES, "n2")
    (kept,) = await world.pods(1)
    assert target_node(kept) == "n1"


async def test_a_new_template_rolls_node_by_node_and_leaves_a_history(world: Workloads) -> None:
    await world.create(DAEMON_SETS, workload("DaemonSet"))
    await world.roll(DAEMON_SETS, **done(2))
    (first,) = await world.all(CONTROLLER_REVISIONS)
    await world.patch(DAEMON_SETS, {"spec": {"template": template("web:2")}})
    await world.roll(DAEMON_SETS, observedGeneration=2, **done(2))
    assert {p["spec"]["containers"][0]["image"] for p in await world.pods(2)} == {"web:2"}
    revisions = sorted(await world.all(CONTROLLER_REVISIONS), key=lambda one: int(one["revision"]))
    assert [one["revision"] for one in revisions] == [1, 2]
    patch = {"spec": {"template": first["data"]["spec"]["template"]}}
    del patch["spec"]["template"]["$patch"]
    await world.patch(DAEMON_SETS, patch)
    await world.roll(DAEMON_SETS, observedGeneration=3, **done(2))
    assert (await world.get(CONTROLLER_REVISIONS, first["metadata"]["name"]))["revision"] == 3


async def test_on_delete_waits_for_a_person(world: Workloads) -> None:
    await world.create(DAEMON_SETS, workload("DaemonSet", updateStrategy={"type": "OnDelete"}))
    await world.roll(DAEMON_SETS, **done(2))
    await world.patch(DAEMON_SETS, {"spec": {"template": template("web:2")}})
    await world.roll(DAEMON_SETS, observedGeneration=2, numberReady=2, updatedNumberScheduled=0)
    await world.remove((await world.pods(2))[0])
    await world.roll(DAEMON_SETS, numberReady=2, updatedNumberScheduled=1)


async def test_a_failed_pod_is_replaced_and_told(world: Workloads) -> None:
    await world.create(DAEMON_SETS, workload("DaemonSet"))
    (lost, _) = await world.pods(2)
    await world.set_phase(lost, "Failed")

    async def replaced() -> bool:
        return lost["metadata"]["name"] not in [p["metadata"]["name"] for p in await world.pods(2)]

    await eventually(replaced)
    where = f"default/{lost['metadata']['name']} on node {target_node(lost)}"
    text = f"Found failed daemon pod {where}, will try to kill it"
    await world.event("DaemonSet", "FailedDaemonPod", text)
