"""Deployments: rolled, halted, taken back, scaled while they roll."""

from __future__ import annotations

from typing import Any

from proa.cluster.controllers.workload_kinds import DEPLOYMENTS, REPLICA_SETS
from proa.kube import PODS, Object, annotations_of
from support.stories import Story, condition, settled, told
from support.workloads import Workloads, template, workload

_PREFIX = "deployment.kubernetes.io/"


def image(name: str) -> Object:
    return {"spec": {"template": {"spec": {"containers": [{"name": "c", "image": name}]}}}}


async def sets(world: Workloads) -> dict[str, Any]:
    """Of each ReplicaSet, by its image: wanted and ready replicas, and what its annotations say."""
    return {
        one["spec"]["template"]["spec"]["containers"][0]["image"]: (
            one["spec"]["replicas"],
            (one.get("status") or {}).get("readyReplicas", 0),
            {k.removeprefix(_PREFIX): v for k, v in annotations_of(one).items()},
        )
        for one in await world.all(REPLICA_SETS)
    }


async def status(world: Workloads) -> Object:
    found = dict((await world.get(DEPLOYMENTS)).get("status") or {})
    return found | {"conditions": sorted(found.get("conditions") or (), key=lambda each: str(each["type"]))}


async def start(world: Workloads, replicas: int, **spec: Any) -> None:
    await world.create(DEPLOYMENTS, workload("Deployment", replicas=replicas, **spec))
    await world.roll(DEPLOYMENTS, availableReplicas=replicas)


async def ended(world: Workloads) -> Any:
    seen = await settled(world, both)
    return (*seen, await told(world, "Deployment"))


async def both(world: Workloads) -> Any:
    return await sets(world), await status(world)


async def progress_has_a_deadline(world: Workloads) -> Any:
    await world.create(DEPLOYMENTS, workload("Deployment", replicas=2, progressDeadlineSeconds=1))
    await condition(world, DEPLOYMENTS, "Progressing", "False")
    seen = await ended(world)
    await world.roll(DEPLOYMENTS, availableReplicas=2)
    await condition(world, DEPLOYMENTS, "Progressing", "True")
    return seen, await ended(world)


async def a_paused_one_scales_but_does_not_roll(world: Workloads) -> Any:
    await start(world, 2)
    await world.patch(DEPLOYMENTS, {"spec": {"paused": True}})
    await world.patch(DEPLOYMENTS, image("web:2"))
    await world.patch(DEPLOYMENTS, {"spec": {"replicas": 3}})
    await world.roll(DEPLOYMENTS, readyReplicas=3)
    halted = await ended(world)
    await world.patch(DEPLOYMENTS, {"spec": {"paused": False}})
    await world.roll(DEPLOYMENTS, updatedReplicas=3, availableReplicas=3, replicas=3)
    return halted, await ended(world)


async def taken_back_to_a_revision(world: Workloads) -> Any:
    await start(world, 1)
    for name in ("web:2", "web:3", "web:1"):
        await world.patch(DEPLOYMENTS, image(name))
        await settled(world, both)
        await world.roll(DEPLOYMENTS, updatedReplicas=1, availableReplicas=1, replicas=1)
        await settled(world, both)
    return await ended(world)


async def percentages_of_ten(world: Workloads) -> Any:
    rolling = {"maxSurge": "25%", "maxUnavailable": "35%"}
    await start(world, 10, strategy={"type": "RollingUpdate", "rollingUpdate": rolling})
    await world.patch(DEPLOYMENTS, image("web:2"))
    return await ended(world)


async def scaled_while_it_rolls(world: Workloads) -> Any:
    await start(world, 10)
    await world.patch(DEPLOYMENTS, image("web:2"))
    await settled(world, both)
    await world.patch(DEPLOYMENTS, {"spec": {"replicas": 15}})
    up = await ended(world)
    await world.patch(DEPLOYMENTS, {"spec": {"replicas": 4}})
    return up, await ended(world)


async def a_third_template_while_it_rolls(world: Workloads) -> Any:
    await start(world, 4)
    for name in ("web:2", "web:3"):
        await world.patch(DEPLOYMENTS, image(name))
        await settled(world, both)
    return await ended(world)


async def recreated(world: Workloads) -> Any:
    await start(world, 2, strategy={"type": "Recreate"})
    await world.patch(DEPLOYMENTS, image("web:2"))
    waits = await ended(world)
    await world.roll(DEPLOYMENTS, updatedReplicas=2, availableReplicas=2)
    return waits, await ended(world)


async def one_old_revision_is_kept(world: Workloads) -> Any:
    await start(world, 1, revisionHistoryLimit=1)
    for name in ("web:2", "web:3", "web:4"):
        await world.patch(DEPLOYMENTS, image(name))
        await settled(world, both)
        await world.roll(DEPLOYMENTS, updatedReplicas=1, availableReplicas=1, replicas=1)
        await settled(world, both)
    return await ended(world)


async def ready_for_an_hour_first(world: Workloads) -> Any:
    await world.create(DEPLOYMENTS, workload("Deployment", replicas=2, minReadySeconds=300))
    await world.roll(DEPLOYMENTS, readyReplicas=2)
    return await ended(world)


async def scaled_to_nothing(world: Workloads) -> Any:
    await start(world, 2)
    await world.patch(DEPLOYMENTS, {"spec": {"replicas": 0}})
    await world.roll(DEPLOYMENTS, replicas=0, terminatingReplicas=0)
    return await ended(world)


async def pods_that_are_refused(world: Workloads) -> Any:
    bad = template(serviceAccountName="nobody")
    await world.create(DEPLOYMENTS, workload("Deployment", replicas=1, template=bad))
    await condition(world, DEPLOYMENTS, "ReplicaFailure", "True")
    seen = await settled(world, status)
    return seen, [p["metadata"]["name"] for p in await world.all(PODS)]


STORIES: tuple[Story, ...] = (
    progress_has_a_deadline,
    a_paused_one_scales_but_does_not_roll,
    taken_back_to_a_revision,
    percentages_of_ten,
    scaled_while_it_rolls,
    a_third_template_while_it_rolls,
    recreated,
    one_old_revision_is_kept,
    ready_for_an_hour_first,
    scaled_to_nothing,
    pods_that_are_refused,
)
