"""Who owns whom, by uid: the garbage collector's picture of all objects. Pure.

Only what ownership needs is kept of an object. Source: kubernetes.io, garbage collection.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from proa.kube import Object, Resource

FOREGROUND, ORPHAN = "foregroundDeletion", "orphan"


class Owner(NamedTuple):
    """One owner reference."""

    api_version: str
    kind: str
    name: str
    uid: str
    blocks: bool

    @property
    def group(self) -> str:
        """The API group; empty for the core group."""
        return self.api_version.rpartition("/")[0]


@dataclass(frozen=True, slots=True)
class Node:
    """One object."""

    resource: Resource
    namespace: str
    name: str
    uid: str
    owners: tuple[Owner, ...]
    finalizers: tuple[str, ...]
    deleting: bool

    @property
    def deletes_dependents_first(self) -> bool:
        """Whether it was deleted with the policy Foreground and waits for its dependents."""
        return self.deleting and FOREGROUND in self.finalizers

    @property
    def orphans_dependents(self) -> bool:
        """Whether it was deleted with the policy Orphan and its dependents are to be let go."""
        return self.deleting and ORPHAN in self.finalizers

    def is_meant_by(self, owner: Owner, namespace: str) -> bool:
        """Whether a reference in an object of that namespace names this object, and not only its uid."""
        resource = self.resource
        named = (owner.group, owner.kind, owner.name) == (resource.group, resource.kind, self.name)
        return named and self.namespace in ("", namespace)


def node_of(resource: Resource, obj: Object) -> Node:
    """What the graph keeps of an object."""
    metadata = obj["metadata"]
    return Node(
        resource,
        metadata.get("namespace") or "",
        metadata["name"],
        metadata["uid"],
        tuple(
            Owner(o["apiVersion"], o["kind"], o["name"], o["uid"], bool(o.get("blockOwnerDeletion")))
            for o in metadata.get("ownerReferences") or ()
        ),
        tuple(metadata.get("finalizers") or ()),
        "deletionTimestamp" in metadata,
    )


class OwnerGraph:
    """Objects by uid, and dependents by the uid of their owner, which need not exist."""

    def __init__(self) -> None:
        self._nodes: dict[str, Node] = {}
        self._dependents: defaultdict[str, set[str]] = defaultdict(set)

    def __contains__(self, uid: str) -> bool:
        return uid in self._nodes

    def get(self, uid: str) -> Node | None:
        """The object, if it is there."""
        return self._nodes.get(uid)

    def put(self, node: Node) -> None:
        """The object is there in this state."""
        self.remove(node.uid)
        self._nodes[node.uid] = node
        for owner in node.owners:
            self._dependents[owner.uid].add(node.uid)

    def remove(self, uid: str) -> None:
        """The object is gone; its dependents still name it."""
        node = self._nodes.pop(uid, None)
        for owner in node.owners if node else ():
            dependents = self._dependents[owner.uid]
            dependents.discard(uid)
            if not dependents:
                del self._dependents[owner.uid]

    def dependents(self, uid: str) -> list[Node]:
        """The objects that name this one as an owner."""
        return [self._nodes[each] for each in self._dependents.get(uid, ())]

    def blocking(self, uid: str) -> list[Node]:
        """The dependents that a Foreground deletion of this object waits for."""
        return [n for n in self.dependents(uid) if any(o.uid == uid and o.blocks for o in n.owners)]

    def is_in_cycle(self, uid: str) -> bool:
        """Whether a dependent of this object waits for its own dependents, perhaps for this object."""
        return any(n.deletes_dependents_first for n in self.dependents(uid))

    def of(self, resource: Resource) -> list[Node]:
        """The objects of one collection."""
        return [node for node in self._nodes.values() if node.resource == resource]

    def touched_by(self, node: Node) -> Iterable[str]:
        """Uids whose fate may change when this object does: itself, its owners, its dependents."""
        yield node.uid
        for owner in node.owners:
            yield owner.uid
        yield from self._dependents.get(node.uid, ())
