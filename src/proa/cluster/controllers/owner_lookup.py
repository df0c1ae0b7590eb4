"""Which owners of an object are there: the graph says so, and where it does not know, the server.

Source: kubernetes.io, garbage collection; pkg/controller/garbagecollector (`classifyReferences`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from proa.cluster.controllers.owner_graph import Node, Owner, OwnerGraph, node_of
from proa.errors import NotFound, ProaError
from proa.kube import Client, Resource


class OwnerKindNotServed(ProaError):
    """The kind of an owner is served by nobody now, so nothing is known about the owner."""


class NamespacedOwner(ProaError):
    """A cluster-wide object names an owner that lives in a namespace: such a reference means nothing."""


class Owners(NamedTuple):
    """An object's owners by what they mean for it."""

    solid: list[Owner]
    absent: list[Owner]
    waiting: list[Owner]
    """Owners whose Foreground deletion waits for this object to go first."""
    seen: bool
    """Whether the graph knows all that are there, so that their end will be noticed."""


class OwnerLookup:
    """Classifies owners. The graph is only a hint: an owner is gone when the server says so."""

    def __init__(
        self, client: Client, graph: OwnerGraph, followed: Mapping[tuple[str, str], Resource]
    ) -> None:
        self._client = client
        self._graph = graph
        self._followed = followed
        self._gone: set[str] = set()

    def forget(self, uids: Iterable[str]) -> None:
        """These objects went with the definition of their kind: nobody can be asked about them."""
        self._gone |= {uid for uid in uids if self._graph.dependents(uid)}

    def all_stay(self, node: Node) -> bool:
        """Whether the graph alone tells that every owner is there and stays: the usual case."""
        known = [self._known(owner, node) for owner in node.owners]
        return all(found is not None and not found.deletes_dependents_first for found in known)

    def elsewhere(self, node: Node) -> Iterable[Owner]:
        """The references to objects that are there, but in another namespace than this one."""
        for owner in node.owners:
            known = self._graph.get(owner.uid)
            if known is not None and known.namespace not in ("", node.namespace):
                yield owner

    async def classify(self, node: Node) -> Owners:
        """All owners of the object. Raises OwnerKindNotServed and NamespacedOwner."""
        found = Owners([], [], [], all(self._known(owner, node) for owner in node.owners))
        for owner in node.owners:
            state = self._known(owner, node) or await self._asked(owner, node)
            if state is None:
                found.absent.append(owner)
            else:
                (found.waiting if state.deletes_dependents_first else found.solid).append(owner)
        return found

    def _known(self, owner: Owner, dependent: Node) -> Node | None:
        known = self._graph.get(owner.uid)
        return known if known is not None and known.is_meant_by(owner, dependent.namespace) else None

    async def _asked(self, owner: Owner, dependent: Node) -> Node | None:
        if owner.uid in self._gone:
            return None
        resource = self._followed.get((owner.group, owner.kind))
        if resource is None:
            raise OwnerKindNotServed(f"{owner.api_version} {owner.kind} is not served")
        if resource.namespaced and not dependent.namespace:
            raise NamespacedOwner(f"{owner.kind} {owner.name} lives in a namespace and owns nothing outside")
        try:
            obj = await self._client.get(
                resource, owner.name, dependent.namespace if resource.namespaced else ""
            )
        except NotFound:
            return None
        return node_of(resource, obj) if obj["metadata"]["uid"] == owner.uid else None
