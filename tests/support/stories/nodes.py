"""Nodes that fall silent and come back, and pods that nobody else removes."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

from proa.errors import NotFound
from proa.kube import NODES, PODS, Object, PatchType, is_deleting
from support.server import background, eventually
from support.stories import Story, settled, told
from support.workloads import Workloads, template

ARGUMENTS = (
    "node-monitor-grace-period=2s",
    "terminated-pod-gc-threshold=2",
    "node-eviction-rate=10",
)
_OWN = "node.kubernetes.io/"
_FINALIZER = ["example.com/hold"]


async def speak(world: Workloads, *names: str) -> None:
    """These nodes give signs of life."""
    for second in itertools.count():
        said = {"type": "Ready", "status": "True", "lastHeartbeatTime": f"{2030 + second}-01-01T00:00:00Z"}
        for name in names:
            patch = {"status": {"conditions": [said]}}
            await world.client.patch(NODES, name, patch, kind=PatchType.STRATEGIC, subresource="status")
        await asyncio.sleep(0.3)


async def nodes(world: Workloads, *names: str) -> None:
    """Ready ones that nothing keeps pods from."""
    for name in names:
        await world.add_node(name)
        await world.client.patch(NODES, name, {"spec": {"taints": None}})


async def run(world: Workloads, name: str, node: str, **spec: Any) -> None:
    """A pod there that is ready."""
    pod = template(nodeName=node, **spec)
    pod["metadata"] |= {"name": name}
    made = await world.create(PODS, {"apiVersion": "v1", "kind": "Pod"} | pod)
    await world.set_phase(made, "Running", ready=True)


def bears(seconds: int | None = None) -> list[Object]:
    """The toleration of a node that is silent."""
    toleration: Object = {"key": f"{_OWN}unreachable", "operator": "Exists", "effect": "NoExecute"}
    return [toleration if seconds is None else toleration | {"tolerationSeconds": seconds}]


async def taints(world: Workloads, *names: str) -> list[list[str]]:
    """Of each node, the taints it has."""
    found = [await world.client.get(NODES, name) for name in names]
    return [
        sorted(f"{t['key'].removeprefix(_OWN)}:{t['effect']}" for t in node["spec"].get("taints") or ())
        for node in found
    ]


async def tainted(world: Workloads, name: str, *wanted: str) -> list[list[str]]:
    async def so() -> list[list[str]] | None:
        found = await taints(world, name)
        return found if found == [sorted(wanted)] else None

    return list(await eventually(so, f"taints {wanted} of {name}"))


async def pods(world: Workloads) -> Any:
    """Of each pod: whether it is ending, and what its conditions say."""
    return [
        (
            pod["metadata"]["name"],
            is_deleting(pod),
            pod["status"]["phase"],
            sorted(str(told_by(c)) for c in pod["status"].get("conditions") or ()),
        )
        for pod in await world.all(PODS)
    ]


def told_by(condition: Object) -> tuple[Any, ...]:
    return tuple(condition.get(key) for key in ("type", "status", "reason", "message"))


async def a_node_is_silent_and_speaks_again(world: Workloads) -> Any:
    await nodes(world, "a", "b", "c")
    async with background(speak(world, "b", "c")):
        await run(world, "leaves", "a", tolerations=bears(1))
        await run(world, "stays", "a", tolerations=bears())
        await run(world, "waits", "a")
        await run(world, "elsewhere", "b", tolerations=bears(1))
        await tainted(world, "a", "unreachable:NoExecute", "unreachable:NoSchedule")
        node = await world.client.get(NODES, "a")
        said = sorted(map(str, map(told_by, node["status"]["conditions"])))

        async def left() -> bool:
            return any(is_deleting(pod) for pod in await world.all(PODS))

        await eventually(left, "a pod that leaves")
        silent = await settled(world, pods), await told(world, "Pod"), said
    async with background(speak(world, "a", "b", "c")):
        await tainted(world, "a")
        return silent, await settled(world, pods)


async def no_node_speaks(world: Workloads) -> Any:
    await nodes(world, "a", "b")
    await run(world, "hasty", "a", tolerations=bears(0))
    await tainted(world, "a", "unreachable:NoSchedule")
    await tainted(world, "b", "unreachable:NoSchedule")
    alone = await settled(world, pods)
    async with background(speak(world, "b")):
        await tainted(world, "a", "unreachable:NoExecute", "unreachable:NoSchedule")
        await tainted(world, "b")

        async def left() -> bool:
            return any(is_deleting(pod) for pod in await world.all(PODS))

        await eventually(left, "the pod leaves")
        return alone, await settled(world, pods)


async def most_nodes_are_silent(world: Workloads) -> Any:
    await nodes(world, "a", "b", "c", "d")
    async with background(speak(world, "d")):
        for name in "abc":
            await tainted(world, name, "unreachable:NoSchedule")

        async def look(world: Workloads) -> Any:
            return await taints(world, *"abcd")

        return await settled(world, look)


async def a_taint_that_evicts(world: Workloads) -> Any:
    await nodes(world, "a")
    async with background(speak(world, "a")):
        tolerating = [{"key": "own", "operator": "Equal", "value": "x", "effect": "NoExecute"}]
        await run(world, "bears", "a", tolerations=tolerating)
        await run(world, "bears-for-long", "a", tolerations=[tolerating[0] | {"tolerationSeconds": 1000}])
        await run(world, "bears-another", "a", tolerations=[tolerating[0] | {"value": "y"}])
        await run(world, "bears-nothing", "a")
        taint = {"key": "own", "value": "x", "effect": "NoExecute"}
        await world.client.patch(NODES, "a", {"spec": {"taints": [taint]}})

        async def left() -> bool:
            return len([pod for pod in await world.all(PODS) if is_deleting(pod)]) == 2

        await eventually(left, "two pods leave")
        gone = await settled(world, pods), await told(world, "Pod")
        await world.client.patch(NODES, "a", {"spec": {"taints": None}})
        return gone, await settled(world, pods), await told(world, "Pod")


async def a_node_in_distress(world: Workloads) -> Any:
    await nodes(world, "a")
    async with background(speak(world, "a")):
        conditions = [
            {"type": kind, "status": "True", "reason": "Made"}
            for kind in ("MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable")
        ]
        patch = {"status": {"conditions": conditions}}
        await world.client.patch(NODES, "a", patch, kind=PatchType.STRATEGIC, subresource="status")
        await world.client.patch(NODES, "a", {"spec": {"unschedulable": True}})

        async def all_there() -> Any:
            found = await taints(world, "a")
            return found if len(found[0]) == 5 else None

        distressed = await eventually(all_there, "five taints")
        await world.client.patch(NODES, "a", {"spec": {"unschedulable": None}})
        for condition in conditions:
            condition["status"] = "False"
        await world.client.patch(NODES, "a", patch, kind=PatchType.STRATEGIC, subresource="status")
        await tainted(world, "a")
        return distressed


async def out_of_service(world: Workloads) -> Any:
    await nodes(world, "a", "b")
    async with background(speak(world, "b")):
        await run(world, "ends", "a", tolerations=[{"operator": "Exists"}])
        await run(world, "runs", "a", tolerations=[{"operator": "Exists"}])
        await tainted(world, "a", "unreachable:NoExecute", "unreachable:NoSchedule")
        await world.client.delete(PODS, "ends", "default")
        taint = {"key": f"{_OWN}out-of-service", "value": "nodeshutdown", "effect": "NoExecute"}
        there = (await world.client.get(NODES, "a"))["spec"]["taints"]
        await world.client.patch(NODES, "a", {"spec": {"taints": [*there, taint]}})
        await eventually(lambda: gone(world, "ends"))
        return await settled(world, pods)


async def gone(world: Workloads, name: str) -> bool:
    try:
        await world.get(PODS, name)
    except NotFound:
        return True
    return False


async def nobody_else_removes_them(world: Workloads) -> Any:
    await nodes(world, "a")
    async with background(speak(world, "a")):
        pod = template(schedulingGates=[{"name": "example.com/gate"}])
        pod["metadata"] |= {"name": "nowhere", "finalizers": _FINALIZER}
        await world.create(PODS, {"apiVersion": "v1", "kind": "Pod"} | pod)
        await world.client.delete(PODS, "nowhere", "default")
        for number in range(4):
            await run(world, f"over-{number}", "a")
            (made,) = (p for p in await world.all(PODS) if p["metadata"]["name"] == f"over-{number}")
            await world.set_phase(made, "Failed" if number % 2 else "Succeeded")
            await asyncio.sleep(1.1)  # the oldest go first, and times have whole seconds

        async with asyncio.timeout(30):  # upstream looks every 20 s
            while len(await world.all(PODS)) > 3:  # noqa: ASYNC110 - what it asks gives no signal
                await asyncio.sleep(0.2)
        seen = await settled(world, pods)
        await world.patch(PODS, {"metadata": {"finalizers": None}}, "nowhere")
        return seen


STORIES: tuple[Story, ...] = (
    a_node_is_silent_and_speaks_again,
    no_node_speaks,
    most_nodes_are_silent,
    a_taint_that_evicts,
    a_node_in_distress,
    out_of_service,
    nobody_else_removes_them,
)
