"""The same story told to kube-controller-manager and to our controllers ends in the same status."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from proa.cluster.controllers.job_indexes import INDEX
from proa.cluster.controllers.service_pods import ZONE
from proa.cluster.controllers.workload_kinds import (
    DEPLOYMENTS,
    JOBS,
    POD_DISRUPTION_BUDGETS,
    REPLICATION_CONTROLLERS,
)
from proa.kube import ENDPOINT_SLICES, NODES, PODS, SERVICES, Object, annotations_of, condition_is_true
from support.real_kubernetes import control_plane, missing_programs
from support.server import eventually
from support.workloads import Workloads, template, workload, workloads

_MISSING = missing_programs()
pytestmark = [
    pytest.mark.foreign,
    pytest.mark.skipif(bool(_MISSING), reason=f"not installed: {_MISSING} (set PROA_PEERS)"),
    pytest.mark.asyncio(loop_scope="module"),
]
Story = Callable[[Workloads], Awaitable[Object]]
_TIMES = ("lastTransitionTime", "lastProbeTime", "lastUpdateTime", "startTime", "completionTime")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def real(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Workloads]:
    async with control_plane(tmp_path_factory.mktemp("real")) as client:
        yield Workloads(client)


@pytest_asyncio.fixture(loop_scope="module")
async def ours(tmp_path: Path) -> AsyncIterator[Workloads]:
    async with workloads(tmp_path) as world:
        yield world


def timeless(value: Any) -> Any:
    """Without times; a time that is there is told by its name."""
    if isinstance(value, dict):
        return {k: "then" if k in _TIMES else timeless(v) for k, v in value.items()}
    return [timeless(each) for each in value] if isinstance(value, list) else value


def job(**spec: Any) -> Object:
    whole = {"template": template(restartPolicy="Never"), "completionMode": "Indexed"}
    metadata = {"name": "web", "namespace": "default"}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": whole | spec}


async def finish(world: Workloads, code: int, *indexes: int) -> None:
    """The pods of these indexes end."""

    async def there() -> list[Object] | None:
        found = [p for p in await world.all(PODS) if p["status"]["phase"] == "Pending"]
        mine = [p for p in found if annotations_of(p).get(INDEX) in {str(i) for i in indexes}]
        return mine if len(mine) == len(indexes) else None

    state = {"terminated": {"exitCode": code, "finishedAt": "2026-01-01T00:00:00Z"}}
    container = {
        "name": "c", "state": state, "ready": False, "restartCount": 0, "image": "web", "imageID": ""
    }  # fmt: skip
    for made in await eventually(there, f"pods of indexes {indexes}"):
        phase = "Failed" if code else "Succeeded"
        await world.set_phase(made, phase, containerStatuses=[container])


async def over(world: Workloads) -> Object:
    async def ended() -> Object | None:
        found = await world.get(JOBS)
        return found if any(condition_is_true(found, kind) for kind in ("Complete", "Failed")) else None

    return dict((await eventually(ended, "the Job's end"))["status"])


async def an_index_fails_for_itself(world: Workloads) -> Object:
    await world.create(JOBS, job(completions=3, parallelism=3, backoffLimitPerIndex=0))
    await finish(world, 1, 0)
    await finish(world, 0, 1, 2)
    return await over(world)


async def too_many_indexes_fail(world: Workloads) -> Object:
    spec = {"completions": 4, "parallelism": 4, "backoffLimitPerIndex": 0, "maxFailedIndexes": 1}
    await world.create(JOBS, job(**spec))
    await finish(world, 1, 0)
    await finish(world, 1, 1)
    for each in await world.all(PODS):
        if each["metadata"].get("deletionTimestamp"):
            await world.remove(each)
    return await over(world)


async def the_leader_succeeds(world: Workloads) -> Object:
    policy = {"rules": [{"succeededIndexes": "0", "succeededCount": 1}]}
    await world.create(JOBS, job(completions=3, parallelism=3, successPolicy=policy))
    await finish(world, 0, 0)
    return await over(world)


def budget(**spec: Any) -> Object:
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": "web", "namespace": "default"},
        "spec": {"selector": {"matchLabels": {"app": "web"}}} | spec,
    }


async def a_budget_of_a_deployment(world: Workloads) -> Object:
    await world.create(DEPLOYMENTS, workload("Deployment", replicas=3))
    await world.create(POD_DISRUPTION_BUDGETS, budget(maxUnavailable="34%"))
    await world.roll(DEPLOYMENTS, availableReplicas=3)
    await world.status(POD_DISRUPTION_BUDGETS, disruptionsAllowed=2)
    return dict((await world.get(POD_DISRUPTION_BUDGETS))["status"])


async def a_budget_of_pods_without_an_owner(world: Workloads) -> Object:
    for name in ("a", "b"):
        pod = template()
        pod["metadata"] |= {"name": name}
        await world.create(PODS, {"apiVersion": "v1", "kind": "Pod"} | pod)
    await world.run_pods()
    await world.create(POD_DISRUPTION_BUDGETS, budget(minAvailable=1))
    await world.status(POD_DISRUPTION_BUDGETS, disruptionsAllowed=1)
    return dict((await world.get(POD_DISRUPTION_BUDGETS))["status"])


async def a_replication_controller(world: Workloads) -> Object:
    one = workload("ReplicationController", replicas=2) | {"apiVersion": "v1"}
    one["spec"]["selector"] = {"app": "web"}
    await world.create(REPLICATION_CONTROLLERS, one)
    return dict((await world.roll(REPLICATION_CONTROLLERS, availableReplicas=2))["status"])


async def zones_share_endpoints(world: Workloads) -> Object:
    for name, zone, cpu in (("a", "x", "4"), ("b", "y", "2")):
        await world.add_node(name, labels={ZONE: zone})
        await world.patch(NODES, {"status": {"allocatable": {"cpu": cpu}}}, name, "status")
        await world.client.patch(NODES, name, {"spec": {"taints": None}})
    metadata = {"name": "web", "annotations": {"service.kubernetes.io/topology-mode": "Auto"}}
    spec = {"selector": {"app": "web"}, "ports": [{"port": 80}]}
    await world.create(SERVICES, {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec})
    for number in range(9):
        pod = template(nodeName="a" if number < 3 else "b")
        pod["metadata"] |= {"name": f"p{number}"}
        made = await world.create(PODS, {"apiVersion": "v1", "kind": "Pod"} | pod)
        ip = f"10.42.0.{number + 1}"
        await world.set_phase(made, "Running", ready=True, podIP=ip, podIPs=[{"ip": ip}])

    async def hinted() -> Object | None:
        found = await world.client.list(
            ENDPOINT_SLICES, "default", label_selector="kubernetes.io/service-name=web"
        )
        endpoints = [e for part in found["items"] for e in part.get("endpoints") or ()]
        if len(endpoints) < 9 or not all(e.get("hints") for e in endpoints):
            return None
        return dict(Counter(e["hints"]["forZones"][0]["name"] for e in endpoints))

    return dict(await eventually(hinted, "hints"))


STORIES: tuple[Story, ...] = (
    zones_share_endpoints,
    an_index_fails_for_itself,
    too_many_indexes_fail,
    the_leader_succeeds,
    a_budget_of_a_deployment,
    a_budget_of_pods_without_an_owner,
    a_replication_controller,
)


async def clean(world: Workloads) -> None:
    kinds = (JOBS, DEPLOYMENTS, REPLICATION_CONTROLLERS, POD_DISRUPTION_BUDGETS)
    for resource in kinds:
        for each in await world.all(resource):
            await world.client.delete(
                resource, each["metadata"]["name"], "default", propagation_policy="Background"
            )

    async def empty() -> bool:
        for pod in await world.all(PODS):
            await world.remove(pod)
        return not await world.all(PODS)

    await eventually(empty, "no pods")


@pytest.mark.parametrize("story", STORIES, ids=[story.__name__ for story in STORIES])
async def test_the_end_is_the_same(real: Workloads, ours: Workloads, story: Story) -> None:
    try:
        theirs = timeless(await story(real))
    finally:
        await clean(real)
    assert timeless(await story(ours)) == theirs
