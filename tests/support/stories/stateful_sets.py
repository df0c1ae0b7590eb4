"""StatefulSets: in order or all at once, rolled in parts, with claims that stay or go."""

from __future__ import annotations

from typing import Any

from proa.cluster.controllers.workload_kinds import CONTROLLER_REVISIONS, STATEFUL_SETS
from proa.kube import PERSISTENT_VOLUME_CLAIMS, PODS, Object, is_deleting
from support.stories import Story, settled, told
from support.workloads import Workloads, workload

_CLAIM = {
    "metadata": {"name": "data"},
    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
}


def image(name: str) -> Object:
    return {"spec": {"template": {"spec": {"containers": [{"name": "c", "image": name}]}}}}


async def pods(world: Workloads) -> list[tuple[Any, ...]]:
    """Of each pod: name, image, whether it is ready, whether it is ending."""
    return [
        (
            pod["metadata"]["name"],
            pod["spec"]["containers"][0]["image"],
            pod["status"]["phase"],
            is_deleting(pod),
            pod["metadata"]["labels"].get("apps.kubernetes.io/pod-index"),
        )
        for pod in await world.all(PODS)
    ]


async def ended(world: Workloads) -> Any:
    async def look(world: Workloads) -> Any:
        status = dict((await world.get(STATEFUL_SETS)).get("status") or {})
        same = status.pop("currentRevision", 0) == status.pop("updateRevision", 1)
        revisions = [one["revision"] for one in await world.all(CONTROLLER_REVISIONS)]
        return await pods(world), status, same, sorted(revisions), await claims(world)

    return (*await settled(world, look), await told(world, "StatefulSet"))


async def claims(world: Workloads) -> list[Any]:
    """Of each claim: its name, and its owners."""
    return [
        (
            one["metadata"]["name"],
            [
                (owner["kind"], owner.get("controller"), owner.get("blockOwnerDeletion"))
                for owner in one["metadata"].get("ownerReferences") or ()
            ],
            one["metadata"].get("labels"),
        )
        for one in await world.all(PERSISTENT_VOLUME_CLAIMS)
        if not is_deleting(one)
    ]


async def start(world: Workloads, replicas: int, **spec: Any) -> None:
    await world.create(STATEFUL_SETS, workload("StatefulSet", replicas=replicas, serviceName="web", **spec))


async def run(world: Workloads, replicas: int, **spec: Any) -> None:
    await start(world, replicas, **spec)
    await world.roll(STATEFUL_SETS, readyReplicas=replicas, availableReplicas=replicas)


async def one_after_the_other(world: Workloads) -> Any:
    await start(world, 3)
    first = await ended(world)
    await world.roll(STATEFUL_SETS, readyReplicas=3)
    whole = await ended(world)
    await world.patch(STATEFUL_SETS, {"spec": {"replicas": 1}})
    fewer = await ended(world)
    await world.roll(STATEFUL_SETS, replicas=1)
    return first, whole, fewer, await ended(world)


async def all_at_once(world: Workloads) -> Any:
    await start(world, 3, podManagementPolicy="Parallel", ordinals={"start": 5})
    return await ended(world)


async def rolled_to_a_partition(world: Workloads) -> Any:
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"partition": 2}}
    await run(world, 3, updateStrategy=rolling)
    await world.patch(STATEFUL_SETS, image("web:2"))
    first = await ended(world)
    await world.roll(STATEFUL_SETS, updatedReplicas=1, readyReplicas=3)
    second = await ended(world)
    old, *_ = await world.all(PODS)
    await world.remove(old)
    await settled(world, pods)
    await world.roll(STATEFUL_SETS, readyReplicas=3)
    return first, second, await ended(world)


async def rolled_two_at_a_time(world: Workloads) -> Any:
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 2}}
    await run(world, 4, updateStrategy=rolling)
    await world.patch(STATEFUL_SETS, image("web:2"))
    return await ended(world)


async def rolled_when_somebody_deletes(world: Workloads) -> Any:
    await run(world, 2, updateStrategy={"type": "OnDelete"})
    await world.patch(STATEFUL_SETS, image("web:2"))
    first = await ended(world)
    await world.remove((await world.all(PODS))[1])
    await settled(world, pods)
    await world.roll(STATEFUL_SETS, readyReplicas=2, updatedReplicas=1)
    return first, await ended(world)


async def available_after_a_while(world: Workloads) -> Any:
    await start(world, 2, minReadySeconds=3000)
    await world.roll(STATEFUL_SETS, readyReplicas=1)
    return await ended(world)


async def claims_stay(world: Workloads) -> Any:
    await run(world, 2, volumeClaimTemplates=[_CLAIM])
    await world.patch(STATEFUL_SETS, {"spec": {"replicas": 1}})
    await world.roll(STATEFUL_SETS, replicas=1)
    return await ended(world)


async def claims_go_with_their_pods(world: Workloads) -> Any:
    policy = {"whenScaled": "Delete", "whenDeleted": "Delete"}
    await run(world, 3, volumeClaimTemplates=[_CLAIM], persistentVolumeClaimRetentionPolicy=policy)
    owned = await ended(world)
    await world.patch(STATEFUL_SETS, {"spec": {"replicas": 2}})
    ending = await ended(world)
    await world.patch(
        STATEFUL_SETS,
        {"spec": {"persistentVolumeClaimRetentionPolicy": {"whenScaled": "Retain", "whenDeleted": "Retain"}}},
    )
    return owned, ending, await ended(world)


async def a_bad_update_is_taken_back(world: Workloads) -> Any:
    await run(world, 2)
    await world.patch(STATEFUL_SETS, image("bad"))

    async def broken(world: Workloads) -> bool:
        for pod in await world.all(PODS):
            if is_deleting(pod):
                await world.remove(pod)
        return any(pod["spec"]["containers"][0]["image"] == "bad" for pod in await world.all(PODS))

    await settled(world, broken)
    await world.patch(STATEFUL_SETS, image("web:1"))
    return await ended(world)


STORIES: tuple[Story, ...] = (
    one_after_the_other,
    all_at_once,
    rolled_to_a_partition,
    rolled_two_at_a_time,
    rolled_when_somebody_deletes,
    available_after_a_while,
    claims_stay,
    claims_go_with_their_pods,
    a_bad_update_is_taken_back,
)
