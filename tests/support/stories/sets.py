"""StatefulSets and DaemonSets in trouble: ordinals that move, pods that fail, updates that hang."""

from __future__ import annotations

import asyncio
from typing import Any

from proa.cluster.controllers.workload_kinds import DAEMON_SETS, STATEFUL_SETS
from proa.kube import NODES, PODS
from support.stories import Story, daemon_sets, settled
from support.stories.stateful_sets import ended, image, run, start
from support.workloads import Workloads, template, workload


async def ordinals_that_move(world: Workloads) -> Any:
    await run(world, 2)
    seen = []
    for first in (2, 1, 0):
        await world.patch(STATEFUL_SETS, {"spec": {"ordinals": {"start": first}}})
        seen.append(await ended(world))
        await world.roll(STATEFUL_SETS, readyReplicas=2, replicas=2, availableReplicas=2)
        seen.append(await ended(world))
    return seen


async def a_pod_of_a_set_fails(world: Workloads) -> Any:
    await run(world, 2)
    await world.set_phase((await world.all(PODS))[0], "Failed")
    first = await ended(world)
    await world.roll(STATEFUL_SETS, readyReplicas=2)
    await world.set_phase((await world.all(PODS))[1], "Succeeded")
    return first, await ended(world)


async def a_set_that_shrinks_while_unwell(world: Workloads) -> Any:
    await run(world, 3)
    await world.set_phase((await world.all(PODS))[0], "Running")
    await world.patch(STATEFUL_SETS, {"spec": {"replicas": 1}})
    return await ended(world)


async def a_parallel_set_is_rolled(world: Workloads) -> Any:
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "50%"}}
    await run(world, 4, podManagementPolicy="Parallel", updateStrategy=rolling)
    await world.patch(STATEFUL_SETS, image("web:2"))
    first = await ended(world)
    await world.roll(STATEFUL_SETS, updatedReplicas=4, readyReplicas=4)
    return first, await ended(world)


async def a_set_whose_first_pod_hangs(world: Workloads) -> Any:
    await start(world, 3)
    first = await ended(world)
    await world.patch(STATEFUL_SETS, image("web:2"))
    return first, await ended(world)


async def a_partition_that_moves(world: Workloads) -> Any:
    def to(partition: int) -> Any:
        return {"spec": {"updateStrategy": {"rollingUpdate": {"partition": partition}}}}

    await run(world, 2)
    await world.patch(STATEFUL_SETS, to(5))
    await world.patch(STATEFUL_SETS, image("web:2"))
    held = await ended(world)
    await world.patch(STATEFUL_SETS, to(1))
    await world.roll(STATEFUL_SETS, updatedReplicas=1, readyReplicas=2)
    half = await ended(world)
    await world.patch(STATEFUL_SETS, to(0))
    await world.roll(STATEFUL_SETS, updatedReplicas=2, readyReplicas=2)
    return held, half, await ended(world)


async def a_cordoned_node_keeps_its_daemon(world: Workloads) -> Any:
    await daemon_sets.nodes(world)
    await daemon_sets.run(world)
    await world.client.patch(NODES, "a", {"spec": {"unschedulable": True}})
    return await daemon_sets.ended(world)


async def daemons_that_must_be_ready_for_long(world: Workloads) -> Any:
    await daemon_sets.nodes(world)
    await world.create(DAEMON_SETS, workload("DaemonSet", minReadySeconds=3000))
    await settled(world, daemon_sets.look)
    await world.roll(DAEMON_SETS, numberReady=3)
    return await daemon_sets.ended(world)


async def a_surge_that_hangs(world: Workloads) -> Any:
    await daemon_sets.nodes(world)
    rolling = {"maxSurge": 2, "maxUnavailable": 0}
    await daemon_sets.run(world, updateStrategy={"type": "RollingUpdate", "rollingUpdate": rolling})
    await asyncio.sleep(1.1)  # the older of two pods counts, and times have whole seconds
    await world.patch(DAEMON_SETS, daemon_sets.image("web:2"))
    pods, status, _ = await daemon_sets.ended(world)
    return sorted(pod[1:] for pod in pods), status


async def daemons_of_a_node_that_is_evicted(world: Workloads) -> Any:
    await daemon_sets.nodes(world)
    await daemon_sets.run(world)
    await world.client.patch(
        NODES, "a", {"spec": {"taints": [{"key": "own", "value": "x", "effect": "NoExecute"}]}}
    )
    pods, status, events = await daemon_sets.ended(world)
    return pods, status, [reason for reason, _ in events]


async def daemons_on_all_that_bear_it(world: Workloads) -> Any:
    taint = {"key": "own", "value": "x", "effect": "NoSchedule"}
    await daemon_sets.nodes(world, a={"taints": [taint]})
    bearing = template(tolerations=[{"key": "own", "operator": "Exists"}])
    await world.create(DAEMON_SETS, workload("DaemonSet", template=bearing))
    pods, status, _ = await daemon_sets.ended(world)
    (first, *_) = await world.all(PODS)
    kept = sorted(str(t) for t in first["spec"]["tolerations"])
    return pods, status, kept


STORIES: tuple[Story, ...] = (
    ordinals_that_move,
    a_pod_of_a_set_fails,
    a_set_that_shrinks_while_unwell,
    a_parallel_set_is_rolled,
    a_set_whose_first_pod_hangs,
    a_partition_that_moves,
    a_cordoned_node_keeps_its_daemon,
    daemons_that_must_be_ready_for_long,
    a_surge_that_hangs,
    daemons_of_a_node_that_is_evicted,
    daemons_on_all_that_bear_it,
)
