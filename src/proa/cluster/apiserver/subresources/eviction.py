"""pods/eviction: a delete that asks first (source: policy/v1 Eviction)."""

from __future__ import annotations

from dataclasses import replace

from proa.cluster.apiserver.options import DeleteOptions
from proa.cluster.apiserver.registry import Registry
from proa.cluster.apiserver.subresources import Post
from proa.kube.resources import Object


class Evictor:
    """Deletes pods on behalf of who drains a node."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    async def create(self, post: Post) -> Object:
        """Delete the pod gracefully, by the eviction's own delete options."""
        wishes = DeleteOptions.parse({}, post.body.get("deleteOptions"))
        wishes = replace(wishes, dry_run=wishes.dry_run or post.options.dry_run)
        await self._registry.delete(replace(post.target, subresource=""), post.user, wishes)
        return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}
