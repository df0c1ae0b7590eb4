"""Objects go with their owners: Background, Foreground and Orphan deletion.

Source: kubernetes.io/docs/concepts/architecture/garbage-collection.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

from proa.cluster.controllers.config import ControllersConfig
from proa.cluster.controllers.custom_resources import CustomCollections
from proa.cluster.controllers.kinds import by_kind, stored
from proa.cluster.controllers.owner_graph import FOREGROUND, ORPHAN, Node, Owner, OwnerGraph, node_of
from proa.errors import NotFound
from proa.kube import EVENTS, Client, Controller, Informer, Manager, Object, Resource, Source
from proa.kube.finalizers import set_finalizer
from proa.kube.resources import CUSTOM_RESOURCE_DEFINITIONS

_log = logging.getLogger(__name__)


class Owners(NamedTuple):
    """An object's owners by what they mean for it."""

    solid: Sequence[Owner]
    absent: Sequence[Owner]
    waiting: Sequence[Owner]
    """Owners whose Foreground deletion waits for this object to go first."""


class GarbageCollector:
    """Reconciles uids. The graph is only a hint: an owner is gone when the server says so."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._graph = OwnerGraph()
        self._followed: dict[tuple[str, str], Resource] = dict(by_kind())

    def follow(self, resource: Resource, informer: Informer) -> Source:
        """Keep the graph in step with a collection; returns the source that wakes the controller."""
        self._followed[resource.group, resource.kind] = resource

        def keys(obj: Object) -> list[str]:
            node = node_of(resource, obj)
            name = f"{node.namespace}/{node.name}" if node.namespace else node.name
            current = informer.get(name)
            present = current is not None and current["metadata"]["uid"] == node.uid
            touched = set(self._graph.touched_by(node))
            if current is not None and present:
                node = node_of(resource, current)
                self._graph.put(node)
            else:
                self._graph.remove(node.uid)
            # An object that nobody owns and that owns nobody is none of ours.
            touched |= set(self._graph.touched_by(node))
            return sorted(touched) if node.owners or len(touched) > 1 or _is_held(node) else []

        return Source(informer, keys)

    async def reconcile(self, key: str) -> None:
        """Decide over one object; a uid that is not in the graph is an owner that is gone."""
        node = self._graph.get(key)
        if node is None:
            return
        if node.orphans_dependents:
            await self._orphan_dependents(node)
        elif node.deletes_dependents_first:
            await self._finish_foreground(node)
        elif node.owners and not node.deleting:
            await self._judge(node, await self._classify(node))

    async def _judge(self, node: Node, owners: Owners) -> None:
        if owners.solid:
            gone = {owner.uid for owner in (*owners.absent, *owners.waiting)}
            if gone:
                await self._drop_owners(node, gone)
            return
        # Owners that wait for it, and something that waits for its own dependents: they go first.
        waits = bool(owners.waiting) and bool(self._graph.blocking(node.uid))
        policy = "Foreground" if waits or FOREGROUND in node.finalizers else "Background"
        policy = "Orphan" if ORPHAN in node.finalizers else policy
        _log.info("%s %s: deleted with its owner (%s)", node.resource.plural, node.name, policy)
        with suppress(NotFound):
            await self._client.delete(
                node.resource, node.name, node.namespace, propagation_policy=policy, uid=node.uid
            )

    async def _classify(self, node: Node) -> Owners:
        solid: list[Owner] = []
        absent: list[Owner] = []
        waiting: list[Owner] = []
        for owner in node.owners:
            known = self._graph.get(owner.uid)
            if known is not None and known.deletes_dependents_first and owner.blocks:
                waiting.append(owner)
            elif known is not None or await self._exists(owner, node):
                solid.append(owner)
            else:
                absent.append(owner)
        return Owners(solid, absent, waiting)

    async def _exists(self, owner: Owner, dependent: Node) -> bool:
        resource = self._followed.get((owner.group, owner.kind))
        if resource is None:
            return True  # a kind that is not served here: nothing is known about its objects
        if resource.namespaced and not dependent.namespace:
            return False  # a cluster-wide object cannot be owned by a namespaced one
        try:
            found = await self._client.get(
                resource, owner.name, dependent.namespace if resource.namespaced else ""
            )
        except NotFound:
            return False
        return bool(found["metadata"]["uid"] == owner.uid)

    async def _finish_foreground(self, node: Node) -> None:
        """Let the owner go when nothing that blocks it is left; its dependents are judged by themselves."""
        if not self._graph.blocking(node.uid):
            await self._take_off(node, FOREGROUND)

    async def _orphan_dependents(self, node: Node) -> None:
        for dependent in self._graph.dependents(node.uid):
            await self._drop_owners(dependent, {node.uid})
        await self._take_off(node, ORPHAN)

    async def _take_off(self, node: Node, finalizer: str) -> None:
        with suppress(NotFound):
            obj = await self._client.get(node.resource, node.name, node.namespace)
            if obj["metadata"]["uid"] == node.uid:
                await set_finalizer(self._client, node.resource, obj, finalizer, wanted=False)

    async def _drop_owners(self, node: Node, uids: set[str]) -> None:
        with suppress(NotFound):
            obj = await self._client.get(node.resource, node.name, node.namespace)
            metadata = obj["metadata"]
            if metadata["uid"] != node.uid:
                return
            left = [o for o in metadata.get("ownerReferences") or () if o["uid"] not in uids]
            patch = {
                "metadata": {"resourceVersion": metadata["resourceVersion"], "ownerReferences": left or None}
            }
            await self._client.patch(node.resource, node.name, patch, node.namespace)


def _is_held(node: Node) -> bool:
    return node.deletes_dependents_first or node.orphans_dependents


def setup(manager: Manager, config: ControllersConfig) -> None:  # noqa: ARG001 - one shape for all controllers
    """Run with the manager: every collection is watched, except Events, which own nothing."""
    collector = GarbageCollector(manager.client)
    sources = [collector.follow(r, manager.informer(r)) for r in stored() if r != EVENTS]
    controller = Controller("garbage-collector", collector, sources=sources, workers=4)
    manager.add(controller)
    definitions = manager.informer(CUSTOM_RESOURCE_DEFINITIONS)

    def joined(resource: Resource, informer: Informer) -> None:
        controller.watch(collector.follow(resource, informer))

    manager.add(CustomCollections(manager.client, definitions, joined))
