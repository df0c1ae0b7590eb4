"""What our scheduler says to a pod of a world."""

from __future__ import annotations

from collections.abc import Iterable

from proa.cluster.scheduler.cluster import Cluster
from proa.cluster.scheduler.decision import decide, refused
from proa.cluster.scheduler.pod import is_finished, pod_info
from proa.cluster.scheduler.preemption import preempt
from proa.cluster.volumes import class_of
from proa.kube import (
    NAMESPACES,
    NODES,
    PERSISTENT_VOLUME_CLAIMS,
    PERSISTENT_VOLUMES,
    PODS,
    STORAGE_CLASSES,
    Client,
    Object,
    Resource,
    key_of,
    labels_of,
)
from proa.kube.resources import POD_DISRUPTION_BUDGETS


class Stored:
    """Storage objects as the scheduler looks them up."""

    def __init__(self, *kinds: Iterable[Object]) -> None:
        """Of claims, volumes and classes."""
        self._claims, self._volumes, self._classes = ({key_of(one): one for one in kind} for kind in kinds)

    def claim(self, key: str) -> Object | None:
        return self._claims.get(key)

    def volume(self, name: str) -> Object | None:
        return self._volumes.get(name)

    def volumes(self, class_name: str) -> list[Object]:
        return [one for one in self._volumes.values() if class_of(one) == class_name]

    def storage_class(self, name: str) -> Object | None:
        return self._classes.get(name)


async def picture(client: Client) -> tuple[Cluster, list[Object]]:
    """The cluster as the API server has it, and the pods that wait."""

    async def all_of(resource: Resource) -> list[Object]:
        return list((await client.list(resource))["items"])

    stored = [await all_of(r) for r in (PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES, STORAGE_CLASSES)]
    cluster, waiting = Cluster(Stored(*stored)), []
    cluster.namespaces = {one["metadata"]["name"]: labels_of(one) for one in await all_of(NAMESPACES)}
    for node in await all_of(NODES):
        cluster.set_node(node["metadata"]["name"], node)
    for pod in await all_of(PODS):
        if not pod["spec"].get("nodeName"):
            waiting.append(pod)
        elif not is_finished(pod):
            cluster.place(pod_info(pod), pod["spec"]["nodeName"])
    return cluster, waiting


async def makes_room(client: Client) -> Object:
    """The node that is made ready for the pod that waits and who goes from there, or what is said instead."""
    cluster, (pod,) = await picture(client)
    budgets = (await client.list(POD_DISRUPTION_BUDGETS))["items"]
    info = pod_info(pod)
    decision = decide(info, cluster)
    if decision.node:
        return {"bound": True}
    found = preempt(info, cluster, budgets, decision)
    if not found.node:
        return {"message": f"{decision.message} {found.message}"}
    victims = sorted(victim.object["metadata"]["name"] for victim in found.victims)
    return {"node": found.node, "victims": victims}


def answer(pod: Object, cluster: Cluster) -> Object:
    """The nodes that fit, or what is said where there is none."""
    info = pod_info(pod)
    decision = decide(info, cluster)
    if decision.node:
        return {"nodes": sorted(node.name for node in cluster.nodes if not refused(info, node, cluster))}
    return {"message": f"{decision.message} {preempt(info, cluster, (), decision).message}"}
