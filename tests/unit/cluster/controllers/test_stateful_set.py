"""StatefulSets: steps as values, then the controller on a real API server."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from proa.cluster.controllers.stateful_plan import View, members, step
from proa.cluster.controllers.workload_kinds import CONTROLLER_REVISIONS, STATEFUL_SETS
from proa.kube import PERSISTENT_VOLUME_CLAIMS, PODS, Object, labels_of
from support.objects import pod
from support.server import eventually
from support.workloads import Workloads, template, workload, workloads

VIEW = View(0, dt.datetime(2026, 1, 2, tzinfo=dt.UTC))


def stateful(replicas: int, *, parallel: bool = False, **update: Any) -> Object:
    policy = "Parallel" if parallel else "OrderedReady"
    strategy = {"type": update.pop("type", "RollingUpdate"), "rollingUpdate": update}
    return workload("StatefulSet", replicas=replicas, podManagementPolicy=policy, updateStrategy=strategy)


def at(number: int, revision: str = "new", *, ready: bool = True, **more: Any) -> Object:
    made = pod(f"web-{number}", labels={"controller-revision-hash": revision})
    condition = {"type": "Ready", "status": str(ready), "lastTransitionTime": "2026-01-01T00:00:00Z"}
    made["status"] = {"phase": more.get("phase", "Running"), "conditions": [condition]}
    if more.get("deleting"):
        made["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    return made


Expected = tuple[list[int], list[str]]
STEPS: dict[str, tuple[Object, list[Object], Expected]] = {
    "the first pod": (stateful(2), [], ([0], [])),
    "the next waits for the first": (stateful(2), [at(0, ready=False)], ([], [])),
    "and follows it": (stateful(2), [at(0)], ([1], [])),
    "all at once": (stateful(3, parallel=True), [at(1, ready=False)], ([0, 2], [])),
    "a pod that ended goes": (stateful(2), [at(0, phase="Failed"), at(1)], ([], ["web-0"])),
    "one that is ending is awaited": (stateful(2), [at(0, deleting=True), at(1)], ([], [])),
    "the highest goes first": (stateful(1), [at(0), at(1), at(2)], ([], ["web-2"])),
    "one after the other": (stateful(1), [at(0), at(1), at(2, deleting=True)], ([], [])),
    "but not while a kept one is not ready": (stateful(1), [at(0, ready=False), at(1)], ([], [])),
    "shrinking in parallel": (stateful(1, parallel=True), [at(0), at(1), at(2)], ([], ["web-2", "web-1"])),
    "an update starts at the top": (stateful(2), [at(0, "old"), at(1, "old")], ([], ["web-1"])),
    "and waits": (stateful(2), [at(0, "old"), at(1, ready=False)], ([], [])),
    "a partition stays": (stateful(2, partition=1), [at(0, "old"), at(1)], ([], [])),
    "two may be missing": (
        stateful(3, maxUnavailable=2),
        [at(0, "old"), at(1, "old"), at(2, "old")],
        ([], ["web-2", "web-1"]),
    ),
    "on delete": (stateful(1, type="OnDelete"), [at(0, "old")], ([], [])),
}


@pytest.mark.parametrize(("owner", "pods", "expected"), STEPS.values(), ids=STEPS.keys())
def test_the_next_step(owner: Object, pods: list[Object], expected: Expected) -> None:
    found = step(owner, members(owner, pods), VIEW, "new")
    assert (found.create, [one["metadata"]["name"] for one in found.delete]) == expected


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[Workloads]:
    async with workloads(tmp_path) as world:
        yield world


def claim_template() -> Object:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    return {"metadata": {"name": "data"}, "spec": spec}


async def create(world: Workloads, replicas: int = 2, **spec: Any) -> Object:
    made = workload("StatefulSet", replicas=replicas, serviceName="db", **spec)
    await world.create(STATEFUL_SETS, made)
    return await world.roll(STATEFUL_SETS, observedGeneration=1, replicas=replicas, readyReplicas=replicas)


async def lose(world: Workloads, name: str) -> None:
    """Remove a pod and wait for the one that replaces it."""
    lost = await world.get(PODS, name)
    await world.remove(lost)

    async def replaced() -> bool:
        pods = {pod["metadata"]["name"]: pod["metadata"]["uid"] for pod in await world.all(PODS)}
        return bool(pods.get(name, lost["metadata"]["uid"]) != lost["metadata"]["uid"])

    await eventually(replaced, f"another {name}")


async def test_pods_have_names_claims_and_a_place_in_dns(world: Workloads) -> None:
    await create(world, volumeClaimTemplates=[claim_template()])
    first, second = await world.all(PODS)
    assert [first["metadata"]["name"], second["metadata"]["name"]] == ["web-0", "web-1"]
    assert (first["spec"]["hostname"], first["spec"]["subdomain"]) == ("web-0", "db")
    assert labels_of(first)["apps.kubernetes.io/pod-index"] == "0"
    assert first["spec"]["volumes"][0]["persistentVolumeClaim"]["claimName"] == "data-web-0"
    claims = await world.all(PERSISTENT_VOLUME_CLAIMS)
    assert [one["metadata"]["name"] for one in claims] == ["data-web-0", "data-web-1"]
    await world.event("StatefulSet", "SuccessfulCreate", "Create Pod web-0 in StatefulSet web successful")
    text = "Create Claim data-web-0 Pod web-0 in StatefulSet web success"
    await world.event("StatefulSet", "SuccessfulCreate", text)


async def test_claims_stay_when_the_set_shrinks_and_are_found_again(world: Workloads) -> None:
    await create(world, volumeClaimTemplates=[claim_template()])
    await world.patch(STATEFUL_SETS, {"spec": {"replicas": 0}})
    await world.roll(STATEFUL_SETS, observedGeneration=2, replicas=0)
    kept = {one["metadata"]["uid"] for one in await world.all(PERSISTENT_VOLUME_CLAIMS)}
    await world.patch(STATEFUL_SETS, {"spec": {"replicas": 2}})
    await world.roll(STATEFUL_SETS, observedGeneration=3, readyReplicas=2)
    assert {one["metadata"]["uid"] for one in await world.all(PERSISTENT_VOLUME_CLAIMS)} == kept


async def test_claims_go_with_pods_that_go_by_scaling_if_the_policy_says_so(world: Workloads) -> None:
    policy = {"whenScaled": "Delete", "whenDeleted": "Retain"}
    await create(world, volumeClaimTemplates=[claim_template()], persistentVolumeClaimRetentionPolicy=policy)
    await world.patch(STATEFUL_SETS, {"spec": {"replicas": 1}})

    async def gone() -> bool:
        await world.run_pods()
        names = [one["metadata"]["name"] for one in await world.all(PERSISTENT_VOLUME_CLAIMS)]
        return names == ["data-web-0"]

    await eventually(gone)


async def test_a_lost_pod_comes_back_under_its_name(world: Workloads) -> None:
    await create(world)
    await lose(world, "web-0")
    await world.roll(STATEFUL_SETS, readyReplicas=2)


async def test_an_update_rolls_down_to_its_partition_and_then_to_all(world: Workloads) -> None:
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}
    made = await create(world, updateStrategy=strategy)
    first = made["status"]["updateRevision"]
    await world.patch(STATEFUL_SETS, {"spec": {"template": template("web:2")}})
    half = await world.roll(STATEFUL_SETS, observedGeneration=2, updatedReplicas=1, readyReplicas=2)
    assert half["status"]["currentRevision"] == first
    assert half["status"]["currentReplicas"] == 1
    await lose(world, "web-0")
    await world.roll(STATEFUL_SETS, readyReplicas=2, updatedReplicas=1)
    images = [one["spec"]["containers"][0]["image"] for one in await world.all(PODS)]
    assert images == ["web:1", "web:2"]
    strategy["rollingUpdate"] = {"partition": 0}
    await world.patch(STATEFUL_SETS, {"spec": {"updateStrategy": strategy}})
    done = await world.roll(STATEFUL_SETS, observedGeneration=3, updatedReplicas=2, readyReplicas=2)
    newest = done["status"]["updateRevision"]
    await world.status(STATEFUL_SETS, currentRevision=newest, currentReplicas=2)
    assert len(await world.all(CONTROLLER_REVISIONS)) == 2


async def test_deletion_in_the_foreground_makes_nothing_anew(world: Workloads) -> None:
    await create(world)
    await world.client.delete(STATEFUL_SETS, "web", "default", propagation_policy="Foreground")

    async def gone() -> bool:
        await world.run_pods()
        return not any([await world.all(one) for one in (STATEFUL_SETS, PODS, CONTROLLER_REVISIONS)])

    await eventually(gone)


async def test_a_pod_gets_its_name_back_that_somebody_took_off(world: Workloads) -> None:
    await world.create(STATEFUL_SETS, workload("StatefulSet", replicas=1, serviceName="web"))
    await world.roll(STATEFUL_SETS, readyReplicas=1)
    label = "statefulset.kubernetes.io/pod-name"
    await world.patch(PODS, {"metadata": {"labels": {label: None}}}, "web-0")

    async def named() -> bool:
        return bool((await world.get(PODS, "web-0"))["metadata"]["labels"].get(label) == "web-0")

    await eventually(named)
