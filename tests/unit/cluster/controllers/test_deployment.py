"""Deployments and their ReplicaSets on a real API server; pods are made ready by the test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from proa.cluster.controllers.deployment_family import REVISION
from proa.cluster.controllers.pod_template import HASH_LABEL
from proa.cluster.controllers.workload_kinds import DEPLOYMENTS, REPLICA_SETS
from proa.kube import Object, annotations_of, find_condition, labels_of
from support.server import eventually
from support.workloads import Workloads, template, workload, workloads


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[Workloads]:
    async with workloads(tmp_path) as world:
        yield world


def image(tag: str) -> Object:
    return {"spec": {"template": {"spec": {"containers": [{"name": "c", "image": f"web:{tag}"}]}}}}


def done(replicas: int) -> dict[str, Any]:
    names = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")
    counts: dict[str, Any] = dict.fromkeys(names, replicas)
    return counts | {"unavailableReplicas": 0}


async def deploy(world: Workloads, replicas: int = 3, **spec: Any) -> Object:
    await world.create(DEPLOYMENTS, workload("Deployment", replicas=replicas, **spec))
    return await world.roll(DEPLOYMENTS, observedGeneration=1, **done(replicas))


async def update(world: Workloads, patch: Object) -> Object:
    """Patch the Deployment and let it come to rest."""
    changed = await world.patch(DEPLOYMENTS, patch)
    wanted = done(changed["spec"]["replicas"])
    return await world.roll(DEPLOYMENTS, observedGeneration=changed["metadata"]["generation"], **wanted)


async def revisions(world: Workloads) -> dict[str, tuple[str, int]]:
    """Image and size of every ReplicaSet, by revision."""
    return {
        annotations_of(one)[REVISION]: (
            one["spec"]["template"]["spec"]["containers"][0]["image"],
            one["spec"]["replicas"],
        )
        for one in await world.all(REPLICA_SETS)
    }


async def progress(world: Workloads, reason: str) -> Object:
    """The condition Progressing as soon as it has this reason."""

    async def reached() -> Object | None:
        condition = find_condition(await world.get(DEPLOYMENTS), "Progressing")
        return condition if condition and condition["reason"] == reason else None

    return dict(await eventually(reached, reason))


async def test_a_deployment_runs_its_pods_and_reports(world: Workloads) -> None:
    deployment = await deploy(world)
    (replica_set,) = await world.owned(REPLICA_SETS, deployment)
    digest = labels_of(replica_set)[HASH_LABEL]
    name = f"web-{digest}"
    assert replica_set["metadata"]["name"] == name
    assert replica_set["spec"]["selector"]["matchLabels"] == {"app": "web", HASH_LABEL: digest}
    assert annotations_of(replica_set) == {
        "deployment.kubernetes.io/desired-replicas": "3",
        "deployment.kubernetes.io/max-replicas": "4",
        REVISION: "1",
    }
    assert annotations_of(deployment)[REVISION] == "1"
    await world.event("Deployment", "ScalingReplicaSet", f"Scaled up replica set {name} from 0 to 3")
    condition = await progress(world, "NewReplicaSetAvailable")
    assert condition["message"] == f'ReplicaSet "{name}" has successfully progressed.'
    available = find_condition(deployment, "Available") or {}
    assert (available["status"], available["reason"]) == ("True", "MinimumReplicasAvailable")
    assert available["message"] == "Deployment has minimum availability."


async def test_a_rolling_update_replaces_pods_and_an_undo_brings_the_old_set_back(world: Workloads) -> None:
    await deploy(world)
    (first,) = await world.all(REPLICA_SETS)
    await update(world, image("2"))
    assert await revisions(world) == {"1": ("web:1", 0), "2": ("web:2", 3)}
    second = labels_of((await world.pods(3))[0])[HASH_LABEL]
    scalings = [message for reason, message in await world.events("Deployment")]
    assert f"Scaled up replica set web-{second} from 0 to 1" in scalings
    assert f"Scaled down replica set {first['metadata']['name']} from 3 to 2" in scalings
    undone = await update(world, {"spec": {"template": first["spec"]["template"]}})
    assert await revisions(world) == {"2": ("web:2", 0), "3": ("web:1", 3)}
    assert annotations_of(undone)[REVISION] == "3"
    kept = await world.get(REPLICA_SETS, first["metadata"]["name"])
    assert annotations_of(kept)["deployment.kubernetes.io/revision-history"] == "1"


async def test_recreate_starts_nothing_before_all_old_pods_are_gone(world: Workloads) -> None:
    await deploy(world, 2, strategy={"type": "Recreate"})
    await world.add_node("n1")
    old = await world.pods(2)
    for pod in old:  # on a node a pod ends only when the kubelet says so
        await world.bind(pod, "n1")
    await world.patch(DEPLOYMENTS, image("2"))
    await world.status(DEPLOYMENTS, observedGeneration=2, replicas=0)
    assert await revisions(world) == {"1": ("web:1", 0)}
    await world.run_pods()
    await world.roll(DEPLOYMENTS, observedGeneration=2, **done(2))
    assert await revisions(world) == {"1": ("web:1", 0), "2": ("web:2", 2)}


async def test_a_paused_deployment_scales_but_does_not_roll(world: Workloads) -> None:
    await deploy(world, 1)
    await world.patch(DEPLOYMENTS, {"spec": {"paused": True}})
    condition = await progress(world, "DeploymentPaused")
    assert (condition["status"], condition["message"]) == ("Unknown", "Deployment is paused")
    await world.patch(DEPLOYMENTS, image("2"))
    await world.patch(DEPLOYMENTS, {"spec": {"replicas": 2}})
    await world.roll(DEPLOYMENTS, observedGeneration=4, replicas=2, availableReplicas=2, updatedReplicas=0)
    assert await revisions(world) == {"1": ("web:1", 2)}
    await update(world, {"spec": {"paused": False}})
    assert await revisions(world) == {"1": ("web:1", 0), "2": ("web:2", 2)}


async def test_old_sets_beyond_the_history_limit_go(world: Workloads) -> None:
    await deploy(world, 1, revisionHistoryLimit=1)
    for tag in ("2", "3", "4"):
        await update(world, image(tag))

    async def tidied() -> bool:
        return await revisions(world) == {"3": ("web:3", 0), "4": ("web:4", 1)}

    await eventually(tidied)


async def test_a_rollout_that_does_not_move_is_told_and_recovers(world: Workloads) -> None:
    await deploy(world, 1, progressDeadlineSeconds=1)
    await world.patch(DEPLOYMENTS, image("broken"))
    condition = await progress(world, "ProgressDeadlineExceeded")
    assert condition["status"] == "False"
    assert condition["message"].endswith('" has timed out progressing.')
    await update(world, image("2"))
    await progress(world, "NewReplicaSetAvailable")


async def test_a_name_that_is_taken_is_avoided(world: Workloads) -> None:
    deployment = await deploy(world, 1)
    (replica_set,) = await world.all(REPLICA_SETS)
    await world.client.delete(DEPLOYMENTS, "web", "default", propagation_policy="Orphan")

    async def orphaned() -> bool:
        return not (await world.get(REPLICA_SETS, replica_set["metadata"]["name"]))["metadata"].get(
            "ownerReferences"
        )

    await eventually(orphaned)
    other = {"app": "other"}
    patch = {"metadata": {"labels": other | {HASH_LABEL: None}}}
    await world.patch(REPLICA_SETS, patch, replica_set["metadata"]["name"])
    again = await deploy(world, 1)
    assert again["metadata"]["uid"] != deployment["metadata"]["uid"]
    assert again["status"]["collisionCount"] == 1
    assert len(await world.all(REPLICA_SETS)) == 2


async def test_what_a_set_cannot_make_the_deployment_tells(world: Workloads) -> None:
    broken = template(serviceAccountName="nobody")
    await world.create(DEPLOYMENTS, workload("Deployment", replicas=2, template=broken))

    async def told() -> Object | None:
        return find_condition(await world.get(DEPLOYMENTS), "ReplicaFailure")

    condition = await eventually(told)
    assert (condition["status"], condition["reason"]) == ("True", "FailedCreate")
    assert 'serviceaccount "nobody" not found' in condition["message"]
