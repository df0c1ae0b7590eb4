"""Objects go with their owners: Background, Foreground and Orphan deletion.

Source: kubernetes.io/docs/concepts/architecture/garbage-collection.
"""

from __future__ import annotations

import logging

from proa.cluster.controllers.config import ControllersConfig
from proa.cluster.controllers.custom_resources import CustomCollections
from proa.cluster.controllers.kinds import by_kind, stored
from proa.cluster.controllers.once import Once
from proa.cluster.controllers.owner_graph import FOREGROUND, ORPHAN, Node, Owner, OwnerGraph, node_of
from proa.cluster.controllers.owner_lookup import NamespacedOwner, OwnerKindNotServed, OwnerLookup, Owners
from proa.cluster.controllers.owner_writes import OwnerWrites
from proa.kube import (
    EVENTS,
    Client,
    Controller,
    EventRecorder,
    Informer,
    Manager,
    Object,
    Resource,
    Result,
    Source,
)
from proa.kube.resources import CUSTOM_RESOURCE_DEFINITIONS

_log = logging.getLogger(__name__)

_UNSEEN = 5.0
"""Seconds until an object is judged again whose owner is there but not in the graph yet."""
_NOT_SERVED = 30.0
"""Seconds until an object is judged again whose owner's kind nobody serves."""


class GarbageCollector:
    """Reconciles uids: objects that have owners, and objects whose deletion waits for dependents."""

    def __init__(self, client: Client) -> None:
        self._graph = OwnerGraph()
        self._followed: dict[tuple[str, str], Resource] = dict(by_kind())
        self._owners = OwnerLookup(client, self._graph, self._followed)
        self._writes = OwnerWrites(client)
        self._events = Once(EventRecorder(client, "garbage-collector-controller"))

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

    def leave(self, resource: Resource, *, gone: bool) -> list[str]:
        """A collection is served no longer, or its objects are gone; returns the uids to decide over."""
        self._followed.pop((resource.group, resource.kind), None)
        nodes = self._graph.of(resource)
        if gone:
            self._owners.forget(node.uid for node in nodes)
        touched = {uid for node in nodes for uid in self._graph.touched_by(node)}
        for node in nodes:
            self._graph.remove(node.uid)
        return sorted(touched)

    async def reconcile(self, key: str) -> Result | None:
        """Decide over one object; a uid that is not in the graph is an owner that is gone."""
        node = self._graph.get(key)
        if node is None:
            return None
        if node.orphans_dependents:
            await self._orphan_dependents(node)
        elif node.deletes_dependents_first:
            await self._finish_foreground(node)
        elif node.owners and not node.deleting:
            return await self._judge(node)
        return None

    async def _judge(self, node: Node) -> Result | None:
        if self._owners.all_stay(node):
            return None
        for owner in self._owners.elsewhere(node):
            await self._report(node, owner)
        obj = await self._writes.latest(node)
        if obj is None:
            return None
        node = node_of(node.resource, obj)
        try:
            owners = await self._owners.classify(node)
        except NamespacedOwner as fault:
            _log.info("%s %s: kept: %s", node.resource.plural, node.name, fault)
            return None
        except OwnerKindNotServed:
            return Result(_NOT_SERVED)
        if owners.solid:
            await self._writes.drop_owners(node, {o.uid for o in (*owners.absent, *owners.waiting)})
        elif node.owners and not node.deleting:
            await self._delete(node, obj, owners)
        return None if owners.seen else Result(_UNSEEN)

    async def _delete(self, node: Node, obj: Object, owners: Owners) -> None:
        policy = self._policy(node, owners)
        if owners.waiting and self._graph.is_in_cycle(node.uid):
            await self._writes.unblock_owners(node)
            obj = await self._writes.latest(node) or obj
        _log.info("%s %s: deleted with its owner (%s)", node.resource.plural, node.name, policy)
        await self._writes.delete(node, obj, policy)

    def _policy(self, node: Node, owners: Owners) -> str:
        """What waits for it waits for its dependents too; else finalizers that it has are honoured."""
        if owners.waiting and self._graph.dependents(node.uid):
            return "Foreground"
        if ORPHAN in node.finalizers:
            return "Orphan"
        return "Foreground" if FOREGROUND in node.finalizers else "Background"

    async def _report(self, node: Node, owner: Owner) -> None:
        named = (
            f"[{owner.api_version}/{owner.kind}, namespace: {node.namespace}, "
            f"name: {owner.name}, uid: {owner.uid}]"
        )
        message = f'ownerRef {named} does not exist in namespace "{node.namespace}"'
        resource = node.resource
        about = {
            "apiVersion": resource.api_version,
            "kind": resource.kind,
            "metadata": {"namespace": node.namespace, "name": node.name, "uid": node.uid},
        }
        await self._events.event(about, "Warning", "OwnerRefInvalidNamespace", message)

    async def _finish_foreground(self, node: Node) -> None:
        """Let the owner go when nothing that blocks it is left; its dependents are judged by themselves."""
        if not self._graph.blocking(node.uid):
            await self._writes.take_off(node, FOREGROUND)

    async def _orphan_dependents(self, node: Node) -> None:
        for dependent in self._graph.dependents(node.uid):
            await self._writes.drop_owners(dependent, {node.uid})
        await self._writes.take_off(node, ORPHAN)


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

    def left(resource: Resource, gone: bool) -> None:
        for uid in collector.leave(resource, gone=gone):
            controller.queue.add(uid)

    manager.add(CustomCollections(manager.client, definitions, joined, left))
