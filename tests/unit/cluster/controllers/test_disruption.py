"""PodDisruptionBudgets: numbers as values, then the controller on a real API server."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from proa.cluster.controllers import disruption_budget
from proa.cluster.controllers.disruption_budget import Numbers
from proa.cluster.controllers.workload_kinds import DEPLOYMENTS, POD_DISRUPTION_BUDGETS
from proa.kube import PODS, Object, find_condition
from support.objects import pod
from support.server import eventually
from support.workloads import Workloads, workload, workloads

NOW = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)


def budget(status: Object | None = None, **spec: Any) -> Object:
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": "web", "namespace": "default", "generation": 1},
        "spec": {"selector": {"matchLabels": {"app": "web"}}} | spec,
        "status": status or {},
    }


NUMBERS: dict[str, tuple[Object, Numbers]] = {
    "a number that must stay": (budget(minAvailable=2), Numbers(4, 2)),
    "a share that must stay, rounded up": (budget(minAvailable="50%"), Numbers(7, 4)),
    "a number that may go": (budget(maxUnavailable=1), Numbers(7, 6)),
    "a share that may go, rounded up": (budget(maxUnavailable="10%"), Numbers(7, 6)),
    "more may go than there are": (budget(maxUnavailable=9), Numbers(7, 0)),
}


@pytest.mark.parametrize(("one", "expected"), NUMBERS.values(), ids=NUMBERS.keys())
def test_what_is_expected_of_four_pods_whose_owner_wants_seven(one: Object, expected: Numbers) -> None:
    assert disruption_budget.numbers(one, pods=4, scale=7) == expected


def test_an_evicted_pod_is_not_healthy_until_its_time_is_over() -> None:
    noted = {"a": "2026-01-01T23:59:00Z", "b": "2026-01-01T23:57:00Z", "gone": "2026-01-01T23:59:59Z"}
    pods = [pod("a"), pod("b"), pod("c")]
    for one in pods:
        one["status"] = {"conditions": [{"type": "Ready", "status": "True"}]}
    one = budget({"disruptedPods": noted}, minAvailable=1)
    leaving, late = disruption_budget.disrupted(one, pods, NOW)
    assert (list(leaving), [each["metadata"]["name"] for each in late]) == (["a"], ["b"])
    status = disruption_budget.status(one, pods, Numbers(3, 1), leaving)
    assert (status["currentHealthy"], status["disruptionsAllowed"]) == (2, 1)
    assert status["disruptedPods"] == {"a": "2026-01-01T23:59:00Z"}


def test_nothing_is_allowed_where_nothing_is_expected() -> None:
    status = disruption_budget.status(budget(minAvailable=0), [], Numbers(0, 0), {})
    assert status["disruptionsAllowed"] == 0
    assert status["conditions"][0]["reason"] == "InsufficientPods"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[Workloads]:
    async with workloads(tmp_path) as world:
        yield world


def fresh(one: Object) -> Object:
    return {k: v for k, v in one.items() if k != "status"} | {
        "metadata": {"name": "web", "namespace": "default"}
    }


async def test_a_budget_follows_its_deployment(world: Workloads) -> None:
    await world.create(DEPLOYMENTS, workload("Deployment", replicas=3))
    await world.create(POD_DISRUPTION_BUDGETS, fresh(budget(maxUnavailable="34%")))
    await world.roll(DEPLOYMENTS, availableReplicas=3)
    numbers: dict[str, Any] = {"expectedPods": 3, "desiredHealthy": 1, "currentHealthy": 3}
    found = await world.status(POD_DISRUPTION_BUDGETS, disruptionsAllowed=2, **numbers)
    assert (find_condition(found, "DisruptionAllowed") or {})["reason"] == "SufficientPods"
    await world.patch(DEPLOYMENTS, {"spec": {"replicas": 1}})
    await world.status(POD_DISRUPTION_BUDGETS, expectedPods=1, desiredHealthy=0)


async def test_pods_without_an_owner_have_no_scale(world: Workloads) -> None:
    await world.create(PODS, {"metadata": {"name": "a", "labels": {"app": "web"}}, "spec": pod()["spec"]})
    await world.create(POD_DISRUPTION_BUDGETS, fresh(budget(maxUnavailable=1)))

    async def told() -> bool:
        return any(reason == "UnmanagedPods" for reason, _ in await world.events("PodDisruptionBudget"))

    await eventually(told)
    await world.status(POD_DISRUPTION_BUDGETS, expectedPods=0, disruptionsAllowed=0)
