"""Who owns which pod: labels that change, owners that go and come back, pods that are worth more."""

from __future__ import annotations

from typing import Any

from proa.cluster.controllers.workload_kinds import DAEMON_SETS, DEPLOYMENTS, REPLICA_SETS, STATEFUL_SETS
from proa.errors import NotFound
from proa.kube import PODS, Object, Resource, controller_of, is_deleting
from support.server import eventually
from support.stories import Story, settled, told
from support.stories.daemon_sets import nodes, place
from support.workloads import Workloads, workload

_LET_GO = {"metadata": {"labels": {"app": "other"}}}
_TAKEN_BACK = {"metadata": {"labels": {"app": "web"}}}
_COST = "controller.kubernetes.io/pod-deletion-cost"


async def held(world: Workloads) -> Any:
    """Of the pods: the kind of the owner, the label and whether they are ending, without names."""
    return sorted(
        str(((controller_of(p) or {}).get("kind"), p["metadata"]["labels"].get("app"), is_deleting(p)))
        for p in await world.all(PODS)
    )


async def relabel(world: Workloads, patch: Object) -> None:
    """The first pod that the patch would change."""
    wanted = patch["metadata"]["labels"]["app"]
    for pod in await world.all(PODS):
        if pod["metadata"]["labels"]["app"] != wanted and not is_deleting(pod):
            await world.patch(PODS, patch, pod["metadata"]["name"])
            return


async def change_hands(world: Workloads, resource: Resource) -> Any:
    """A pod is let go, and taken back."""
    await relabel(world, _LET_GO)
    let_go = await settled(world, held)
    await relabel(world, _TAKEN_BACK)
    return let_go, await settled(world, held), await told(world, resource.kind)


async def a_replica_sets_pods_change_hands(world: Workloads) -> Any:
    await world.create(REPLICA_SETS, workload("ReplicaSet", replicas=2))
    await world.roll(REPLICA_SETS, availableReplicas=2)
    return (await change_hands(world, REPLICA_SETS))[:2]


async def a_stateful_sets_pods_change_hands(world: Workloads) -> Any:
    await world.create(STATEFUL_SETS, workload("StatefulSet", replicas=2, serviceName="web"))
    await world.roll(STATEFUL_SETS, readyReplicas=2)
    return (await change_hands(world, STATEFUL_SETS))[:2]


async def a_daemon_sets_pods_change_hands(world: Workloads) -> Any:
    await nodes(world)
    await world.create(DAEMON_SETS, workload("DaemonSet"))

    async def look(world: Workloads) -> Any:
        await place(world)
        return await held(world)

    await settled(world, look)
    await world.roll(DAEMON_SETS, numberAvailable=3)
    return (await change_hands(world, DAEMON_SETS))[:2]


async def an_orphan_is_taken_over(world: Workloads) -> Any:
    await world.create(DEPLOYMENTS, workload("Deployment", replicas=2))
    await world.roll(DEPLOYMENTS, availableReplicas=2)
    await world.client.delete(DEPLOYMENTS, "web", "default", propagation_policy="Orphan")

    async def orphaned() -> bool:
        try:
            await world.get(DEPLOYMENTS)
        except NotFound:
            return not any(controller_of(one) for one in await world.all(REPLICA_SETS))
        return False

    await eventually(orphaned, "the Deployment's end")
    await world.create(DEPLOYMENTS, workload("Deployment", replicas=3))
    await world.roll(DEPLOYMENTS, availableReplicas=3)

    async def sets(world: Workloads) -> Any:
        return [
            ((controller_of(one) or {}).get("kind"), one["spec"]["replicas"], one["metadata"]["annotations"])
            for one in await world.all(REPLICA_SETS)
        ]

    return await settled(world, sets), await told(world, "Deployment")


async def cheap_pods_go_first(world: Workloads) -> Any:
    await world.create(REPLICA_SETS, workload("ReplicaSet", replicas=4))
    await world.roll(REPLICA_SETS, availableReplicas=4)
    for cost, pod in zip(("5", "-10", "2147483647"), await world.all(PODS), strict=False):
        patch = {"metadata": {"annotations": {_COST: cost}}}
        await world.patch(PODS, patch, pod["metadata"]["name"])
    await settled(world, held)
    await world.patch(REPLICA_SETS, {"spec": {"replicas": 2}})

    async def left(world: Workloads) -> Any:
        return sorted(
            str(pod["metadata"].get("annotations", {}).get(_COST))
            for pod in await world.all(PODS)
            if not is_deleting(pod)
        )

    return await settled(world, left)


async def pods_that_do_not_run_go_first(world: Workloads) -> Any:
    await world.create(REPLICA_SETS, workload("ReplicaSet", replicas=4))
    found = await world.pods(4)
    for pod, (phase, ready) in zip(
        found, (("Pending", False), ("Running", False), ("Running", True), ("Running", True)), strict=True
    ):
        await world.set_phase(pod, phase, ready=ready)
    names = [pod["metadata"]["name"] for pod in found]
    await settled(world, held)
    await world.patch(REPLICA_SETS, {"spec": {"replicas": 2}})

    async def gone(world: Workloads) -> Any:
        there = {p["metadata"]["name"] for p in await world.all(PODS) if not is_deleting(p)}
        return [name in there for name in names]

    return await settled(world, gone)


async def status_of_a_replica_set(world: Workloads) -> Any:
    await world.create(REPLICA_SETS, workload("ReplicaSet", replicas=3, minReadySeconds=3000))
    found = await world.pods(3)
    await world.set_phase(found[0], "Running", ready=True)
    await world.set_phase(found[1], "Failed")
    await world.client.delete(PODS, found[2]["metadata"]["name"], "default")

    async def look(world: Workloads) -> Any:
        return (await world.get(REPLICA_SETS)).get("status")

    return await settled(world, look)


STORIES: tuple[Story, ...] = (
    a_replica_sets_pods_change_hands,
    a_stateful_sets_pods_change_hands,
    a_daemon_sets_pods_change_hands,
    an_orphan_is_taken_over,
    cheap_pods_go_first,
    pods_that_do_not_run_go_first,
    status_of_a_replica_set,
)
