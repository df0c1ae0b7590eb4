"""DaemonSets: a pod on every node that suits, rolled by one, by surge or by hand."""

from __future__ import annotations

import asyncio
from typing import Any

from proa.cluster.controllers.workload_kinds import DAEMON_SETS
from proa.errors import ApiError
from proa.kube import NODES, PODS, Object, is_deleting
from support.stories import Story, settled, told
from support.workloads import Workloads, template, workload

_NODES = ("a", "b", "c")


def image(name: str) -> Object:
    return {"spec": {"template": {"spec": {"containers": [{"name": "c", "image": name}]}}}}


def meant_for(pod: Object) -> str:
    terms = pod["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    return str(terms["nodeSelectorTerms"][0]["matchFields"][0]["values"][0])


async def place(world: Workloads) -> None:
    """Pods come to their nodes, as a scheduler brings them there."""
    for pod in await world.all(PODS):
        if not pod["spec"].get("nodeName"):
            try:
                await world.bind(pod, meant_for(pod))
            except ApiError:
                continue  # the scheduler was there before


async def nodes(world: Workloads, **more: Any) -> None:
    for name in _NODES:
        await world.add_node(name, **more.get(name, {}))
        await world.client.patch(NODES, name, {"spec": {"taints": more.get(name, {}).get("taints")}})


async def look(world: Workloads) -> Any:
    await place(world)
    pods = [
        (meant_for(p), p["spec"]["containers"][0]["image"], p["status"]["phase"], is_deleting(p))
        for p in await world.all(PODS)
    ]
    return sorted(pods), (await world.get(DAEMON_SETS)).get("status")


async def ended(world: Workloads) -> Any:
    return *await settled(world, look), await told(world, "DaemonSet")


async def run(world: Workloads, pods: int = 3, **spec: Any) -> None:
    await world.create(DAEMON_SETS, workload("DaemonSet", **spec))
    await settled(world, look)
    await world.roll(DAEMON_SETS, numberAvailable=pods)


async def rolled_one_by_one(world: Workloads) -> Any:
    await nodes(world)
    await run(world)
    first = await ended(world)
    await world.patch(DAEMON_SETS, image("web:2"))
    second = len([p for p in (await ended(world))[0] if p[3]])
    await world.roll(DAEMON_SETS, updatedNumberScheduled=2)
    return first, second


async def rolled_with_a_surge(world: Workloads) -> Any:
    await nodes(world)
    rolling = {"maxSurge": 1, "maxUnavailable": 0}
    await run(world, updateStrategy={"type": "RollingUpdate", "rollingUpdate": rolling})
    await asyncio.sleep(1.1)  # the older of two pods counts, and times have whole seconds
    await world.patch(DAEMON_SETS, image("web:2"))
    pods, status, _ = await ended(world)
    return sorted(pod[1:] for pod in pods), status


async def rolled_by_hand(world: Workloads) -> Any:
    await nodes(world)
    await run(world, updateStrategy={"type": "OnDelete"})
    await world.patch(DAEMON_SETS, image("web:2"))
    return await ended(world)


async def some_nodes_do_not_suit(world: Workloads) -> Any:
    taint = {"key": "example.com/own", "value": "x", "effect": "NoSchedule"}
    await nodes(world, a={"labels": {"disk": "fast"}}, b={"labels": {"disk": "fast"}, "taints": [taint]})
    selecting = template(nodeSelector={"disk": "fast"})
    await world.create(DAEMON_SETS, workload("DaemonSet", template=selecting))
    first = await ended(world)
    await world.client.patch(NODES, "a", {"spec": {"taints": [taint]}})
    tainted, *_ = await ended(world)  # the status is not brought up to date for a pod that stays
    await world.client.patch(NODES, "a", {"metadata": {"labels": {"disk": "slow"}}})
    last = await ended(world)
    return first, tainted, last


async def a_failed_pod_is_replaced(world: Workloads) -> Any:
    await nodes(world)
    await run(world)
    (pod,) = (pod for pod in await world.all(PODS) if meant_for(pod) == "a")
    await world.set_phase(pod, "Failed")
    return await ended(world)


STORIES: tuple[Story, ...] = (
    rolled_one_by_one,
    rolled_with_a_surge,
    rolled_by_hand,
    some_nodes_do_not_suit,
    a_failed_pod_is_replaced,
)
