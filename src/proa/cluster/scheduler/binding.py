"""Carrying a decision out: volumes first, then the pod is bound to its node."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable

from proa.cluster.scheduler.caches import Caches
from proa.cluster.scheduler.cluster import Cluster
from proa.cluster.scheduler.errors import BindingError
from proa.cluster.scheduler.pod import PodInfo
from proa.cluster.scheduler.volume_plan import VolumePlan, plan, unbound_claims
from proa.cluster.volumes import BOUND_BY_CONTROLLER, SELECTED_NODE, claim_reference, is_bound, reaches
from proa.kube import (
    PERSISTENT_VOLUME_CLAIMS,
    PERSISTENT_VOLUMES,
    PODS,
    Client,
    Object,
    annotations_of,
    key_of,
)

_VOLUMES_WITHIN = 600.0
"""Seconds that a pod's claims may take to be bound before it is placed anew."""


class Binder:
    """Writes decisions. `assume` and `forget` keep the cluster's picture in step with what is under way."""

    def __init__(self, client: Client, caches: Caches, cluster: Cluster) -> None:
        self._client = client
        self._caches = caches
        self._cluster = cluster
        self._waiters: defaultdict[str, list[asyncio.Future[None]]] = defaultdict(list)
        caches.claims.on_change(lambda old, new: self._wake(new or old))
        caches.persistent_volumes.on_change(lambda old, new: self._wake_claimant(new or old))

    def assume(self, pod: PodInfo, node_name: str) -> VolumePlan:
        """Count the pod and its volumes in before anything is written; returns what is to be written."""
        todo = self._volume_plan(pod, node_name)
        self._cluster.place(pod, node_name)
        for volume, claim in todo.reserve:
            self._cluster.assumed_volumes[volume["metadata"]["name"]] = key_of(claim)
        for claim in todo.provision:
            self._cluster.assumed_claims[key_of(claim)] = node_name
        return todo

    def forget(self, pod: PodInfo) -> None:
        """The decision failed: the pod does not occupy its node after all."""
        self._cluster.remove(pod.uid)

    async def bind(self, pod: PodInfo, node_name: str, todo: VolumePlan) -> None:
        """Serve the claims, then bind. Raises BindingError or ApiError when the pod must be placed anew."""
        try:
            if not todo.is_empty:
                await self._start_volumes(todo, node_name)
                await self._volumes_bound(pod, node_name)
        finally:
            self._release(todo)
        await self._client.create(
            PODS,
            _binding(pod, node_name),
            pod.namespace,
            name=pod.object["metadata"]["name"],
            subresource="binding",
        )

    def _volume_plan(self, pod: PodInfo, node_name: str) -> VolumePlan:
        claims = [self._caches.claim(f"{pod.namespace}/{name}") for name in pod.claims]
        unbound = unbound_claims((c for c in claims if c is not None), self._cluster)
        todo = plan(unbound, self._cluster.node(node_name), self._cluster) if unbound else VolumePlan()
        if todo is None:
            raise BindingError(f"volumes of {pod.key} cannot be served on {node_name} any more")
        return todo

    async def _start_volumes(self, todo: VolumePlan, node_name: str) -> None:
        async with asyncio.TaskGroup() as group:
            for volume, claim in todo.reserve:
                group.create_task(self._reserve(volume, claim))
            for claim in todo.provision:
                group.create_task(self._select_node(claim, node_name))

    async def _reserve(self, volume: Object, claim: Object) -> None:
        if volume["spec"].get("claimRef"):
            return  # reserved by hand, or by an earlier attempt: the binder has all it needs
        patch = {
            "metadata": {
                "resourceVersion": volume["metadata"]["resourceVersion"],
                "annotations": {BOUND_BY_CONTROLLER: "yes"},
            },
            "spec": {"claimRef": claim_reference(claim)},
        }
        await self._client.patch(PERSISTENT_VOLUMES, volume["metadata"]["name"], patch)

    async def _select_node(self, claim: Object, node_name: str) -> None:
        if annotations_of(claim).get(SELECTED_NODE) == node_name:
            return
        metadata = claim["metadata"]
        patch = {"metadata": {"uid": metadata["uid"], "annotations": {SELECTED_NODE: node_name}}}
        await self._client.patch(PERSISTENT_VOLUME_CLAIMS, metadata["name"], patch, metadata["namespace"])

    async def _volumes_bound(self, pod: PodInfo, node_name: str) -> None:
        try:
            async with asyncio.timeout(_VOLUMES_WITHIN):
                for name in pod.claims:
                    key = f"{pod.namespace}/{name}"
                    await self._until(key, lambda key=key: self._served(key, node_name))  # type: ignore[misc]
        except TimeoutError:
            raise BindingError(f"binding volumes: no volume within {_VOLUMES_WITHIN:.0f} s") from None

    def _served(self, claim_key: str, node_name: str) -> bool:
        """Whether the claim has its volume. Raises BindingError when it never will on this node."""
        claim = self._caches.claim(claim_key)
        if claim is None:
            raise BindingError(f"binding volumes: claim {claim_key} is gone")
        if not is_bound(claim):
            return False
        volume = self._caches.volume(claim["spec"]["volumeName"])
        if volume is None:
            return False
        node = self._cluster.node(node_name)
        if not reaches(volume, node.labels, node_name):
            raise BindingError(
                f"binding volumes: volume {claim['spec']['volumeName']} does not reach {node_name}"
            )
        return True

    async def _until(self, key: str, done: Callable[[], bool]) -> None:
        while not done():
            waiter = asyncio.get_running_loop().create_future()
            self._waiters[key].append(waiter)
            await waiter

    def _release(self, todo: VolumePlan) -> None:
        for volume, _ in todo.reserve:
            self._cluster.assumed_volumes.pop(volume["metadata"]["name"], None)
        for claim in todo.provision:
            self._cluster.assumed_claims.pop(key_of(claim), None)

    def _wake(self, claim: Object | None) -> None:
        if claim is not None:
            self._resolve(key_of(claim))

    def _wake_claimant(self, volume: Object | None) -> None:
        reference = volume["spec"].get("claimRef") if volume is not None else None
        if reference:
            self._resolve(f"{reference.get('namespace')}/{reference.get('name')}")

    def _resolve(self, key: str) -> None:
        for waiter in self._waiters.pop(key, ()):
            if not waiter.done():
                waiter.set_result(None)


def _binding(pod: PodInfo, node_name: str) -> Object:
    metadata = pod.object["metadata"]
    return {
        "kind": "Binding",
        "apiVersion": "v1",
        "metadata": {"name": metadata["name"], "namespace": pod.namespace, "uid": pod.uid},
        "target": {"kind": "Node", "apiVersion": "v1", "name": node_name},
    }
