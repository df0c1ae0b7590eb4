"""Worlds on an API server that has no controllers and no kubelets: what these would write is written here."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable

from proa.errors import Conflict, NotFound
from proa.kube import (
    NAMESPACES,
    NODES,
    PERSISTENT_VOLUME_CLAIMS,
    PERSISTENT_VOLUMES,
    PODS,
    SERVICE_ACCOUNTS,
    STORAGE_CLASSES,
    Client,
    Object,
    Resource,
)
from proa.kube.resources import POD_DISRUPTION_BUDGETS, PRIORITY_CLASSES, RUNTIME_CLASSES
from support.scheduling import worlds
from support.scheduling.crowded import PRIORITIES, Crowd
from support.scheduling.dice import name_of
from support.scheduling.worlds import World

_BOUND = {"metadata": {"annotations": {"pv.kubernetes.io/bind-completed": "yes"}}}


async def prepare(client: Client) -> None:
    """What all worlds have: namespaces with their accounts, and runtime classes."""
    for name, labels in worlds.NAMESPACES.items():
        await client.create(NAMESPACES, {"metadata": {"name": name, "labels": labels}})
        await client.create(SERVICE_ACCOUNTS, {"metadata": {"name": "default"}}, name)
    for name, more in worlds.RUNTIME_CLASSES.items():
        await client.create(RUNTIME_CLASSES, {"metadata": {"name": name}, "handler": "runc", **more})
    for name, value in PRIORITIES.items():
        policy = "Never" if name == "polite" else "PreemptLowerPriority"
        made = {"metadata": {"name": name}, "value": value, "preemptionPolicy": policy}
        await client.create(PRIORITY_CLASSES, made)


async def make(client: Client, world: World) -> None:
    """All but the pods that wait."""
    await _all(_node(client, node) for node in world.nodes)
    await _all(client.create(STORAGE_CLASSES, one) for one in world.classes)
    await _all(client.create(PERSISTENT_VOLUMES, one) for one in world.volumes)
    await _all(_claim(client, one) for one in world.claims)
    await _all(_status(client, PERSISTENT_VOLUMES, one, phase="Available") for one in _free(world))
    await _all(_placed(client, one, world) for one in world.placed)


async def make_crowd(client: Client, made: Crowd) -> None:
    """All but the pod that waits."""
    await _all(_node(client, node) for node in made.nodes)
    await _all(_running(client, pod) for pod in made.placed)
    await _all(_budget(client, budget) for budget in made.budgets)


async def clear(client: Client) -> None:
    """Nothing of a world is left."""
    for resource in (
        POD_DISRUPTION_BUDGETS,
        PODS,
        PERSISTENT_VOLUME_CLAIMS,
        PERSISTENT_VOLUMES,
        STORAGE_CLASSES,
        NODES,
    ):
        found = (await client.list(resource))["items"]
        await _all(_remove(client, resource, one) for one in found)


async def _node(client: Client, node: Object) -> None:
    await client.create(NODES, {k: v for k, v in node.items() if k != "status"})
    await client.patch(NODES, name_of(node), {"status": node["status"]}, subresource="status")
    await client.patch(NODES, name_of(node), {"spec": {"taints": node["spec"]["taints"] or None}})


async def _claim(client: Client, claim: Object) -> None:
    made = await client.create(PERSISTENT_VOLUME_CLAIMS, claim, claim["metadata"]["namespace"])
    volume = claim["spec"].get("volumeName")
    if not volume:
        return
    await client.patch(PERSISTENT_VOLUME_CLAIMS, name_of(claim), _BOUND, made["metadata"]["namespace"])
    await _status(client, PERSISTENT_VOLUME_CLAIMS, claim, phase="Bound")
    await client.patch(PERSISTENT_VOLUMES, volume, {"spec": {"claimRef": {"uid": made["metadata"]["uid"]}}})
    await client.patch(PERSISTENT_VOLUMES, volume, {"status": {"phase": "Bound"}}, subresource="status")


def _free(world: World) -> list[Object]:
    return [one for one in world.volumes if "claimRef" not in one["spec"]]


async def _placed(client: Client, pod: Object, world: World) -> None:
    namespace = pod["metadata"]["namespace"]
    await client.create(PODS, pod, namespace)
    await _status(client, PODS, pod, phase="Succeeded" if name_of(pod) in world.over else "Running")
    if name_of(pod) in world.ending:
        await client.delete(PODS, name_of(pod), namespace)


async def _running(client: Client, pod: Object) -> None:
    await client.create(PODS, {k: v for k, v in pod.items() if k != "status"}, "one")
    await client.patch(PODS, name_of(pod), {"status": pod["status"]}, "one", subresource="status")


async def _budget(client: Client, budget: Object) -> None:
    await client.create(POD_DISRUPTION_BUDGETS, {k: v for k, v in budget.items() if k != "status"}, "one")
    status = {"status": budget["status"]}
    await client.patch(POD_DISRUPTION_BUDGETS, name_of(budget), status, "one", subresource="status")


async def _status(client: Client, resource: Resource, obj: Object, **status: str) -> None:
    namespace = obj["metadata"].get("namespace")
    await client.patch(resource, name_of(obj), {"status": status}, namespace, subresource="status")


async def _remove(client: Client, resource: Resource, obj: Object) -> None:
    namespace = obj["metadata"].get("namespace")
    try:
        if obj["metadata"].get("finalizers"):
            await client.patch(resource, name_of(obj), {"metadata": {"finalizers": None}}, namespace)
        await client.delete(resource, name_of(obj), namespace, grace_period_seconds=0)
    except (NotFound, Conflict):
        return


async def _all(work: Iterable[Awaitable[object]]) -> None:
    await asyncio.gather(*work)
