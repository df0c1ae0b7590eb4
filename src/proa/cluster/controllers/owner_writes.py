"""What the garbage collector writes: deletions with preconditions, fewer owners, fewer finalizers.

Every write holds for the object with the uid that was meant; one that is gone is no fault.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import suppress

from proa.cluster.controllers.owner_graph import Node
from proa.errors import Conflict, NotFound
from proa.kube import Client, Object
from proa.kube.finalizers import set_finalizer


class OwnerWrites:
    """Writes for one reconciler. All methods raise Conflict when somebody else was faster."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def latest(self, node: Node) -> Object | None:
        """The object as the server has it; None when it is gone, whatever now has its name."""
        with suppress(NotFound):
            obj = await self._client.get(node.resource, node.name, node.namespace)
            if obj["metadata"]["uid"] == node.uid:
                return obj
        return None

    async def delete(self, node: Node, obj: Object, policy: str) -> None:
        """Delete what was judged, unless its owners changed meanwhile."""
        with suppress(NotFound):
            try:
                await self._delete(node, policy, obj["metadata"]["resourceVersion"])
            except Conflict:
                now = await self.latest(node)
                if now is not None and _references(now) == _references(obj):
                    # Only something else changed: a busy object must not escape for ever.
                    await self._delete(node, policy, None)
                elif now is not None:
                    raise

    async def _delete(self, node: Node, policy: str, revision: str | None) -> None:
        await self._client.delete(
            node.resource,
            node.name,
            node.namespace,
            propagation_policy=policy,
            uid=node.uid,
            resource_version=revision,
        )

    async def drop_owners(self, node: Node, uids: Collection[str]) -> None:
        """Take the references to these owners off the object."""
        await self._rewrite(node, lambda references: [o for o in references if o["uid"] not in uids])

    async def unblock_owners(self, node: Node) -> None:
        """Let no owner's Foreground deletion wait for the object."""
        await self._rewrite(node, lambda references: [o | {"blockOwnerDeletion": False} for o in references])

    async def take_off(self, node: Node, finalizer: str) -> None:
        """Take a finalizer off the object."""
        with suppress(NotFound):
            obj = await self.latest(node)
            if obj is not None:
                await set_finalizer(self._client, node.resource, obj, finalizer, wanted=False)

    async def _rewrite(self, node: Node, change: Callable[[list[Object]], list[Object]]) -> None:
        obj = await self.latest(node)
        if obj is None or (left := change(_references(obj))) == _references(obj):
            return
        metadata = {"resourceVersion": obj["metadata"]["resourceVersion"], "ownerReferences": left or None}
        with suppress(NotFound):
            await self._client.patch(node.resource, node.name, {"metadata": metadata}, node.namespace)


def _references(obj: Object) -> list[Object]:
    return list(obj["metadata"].get("ownerReferences") or ())
