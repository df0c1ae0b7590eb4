"""What a caller may ask for: every request is authorised here, then carried out by the registry.

The HTTP surface and the in-process client both come through this.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from proa.cluster.apiserver.applying import Written
from proa.cluster.apiserver.authorization import Authorizer
from proa.cluster.apiserver.authorizer import narrowed
from proa.cluster.apiserver.identity import MASTERS, User
from proa.cluster.apiserver.kinds.registry import Registry as Kinds
from proa.cluster.apiserver.lists import Listing
from proa.cluster.apiserver.options import DeleteOptions, ListOptions, WriteOptions
from proa.cluster.apiserver.registry import Registry
from proa.cluster.apiserver.subresources import Creator, Post
from proa.cluster.apiserver.target import Target
from proa.cluster.apiserver.watches import WatchStream
from proa.cluster.store import Entry
from proa.errors import MethodNotAllowed
from proa.kube.client import PatchType
from proa.kube.resources import Object


class Actions:
    """The verbs, each for a user."""

    def __init__(
        self,
        kinds: Kinds,
        registry: Registry,
        authorizer: Authorizer,
        creators: Mapping[tuple[str, str], Creator],
    ) -> None:
        self.kinds = kinds
        self.registry = registry
        self.authorizer = authorizer
        self._creators = creators

    def authorize(self, user: User, verb: str, target: Target, options: ListOptions | None = None) -> None:
        """Raises MethodNotAllowed when the kind has no such verb, Forbidden when the user may not.

        `options` of a list or watch count: who asks for one name or node only asks for less.
        """
        sub = target.kind.subresources.get(target.subresource)
        if verb not in (sub.verbs if sub else target.kind.verbs):
            raise MethodNotAllowed("the server does not allow this method on the requested resource")
        if MASTERS not in user.groups:
            action = target.action(verb)
            if options is not None and options.field_selector:
                action = narrowed(action, options.field_selector)
            self.authorizer.require(user, action, target)

    async def get(self, user: User, target: Target) -> Entry:
        """One object."""
        self.authorize(user, "get", target)
        return await self.registry.get(target)

    async def list(self, user: User, target: Target, options: ListOptions) -> Listing:
        """A page of a collection."""
        self.authorize(user, "list", target, options)
        return await self.registry.list(target, options)

    def watch(self, user: User, target: Target, options: ListOptions) -> WatchStream:
        """Changes of a collection."""
        self.authorize(user, "watch", target, options)
        return self.registry.watch(target, options)

    async def create(self, user: User, target: Target, body: Object, options: WriteOptions) -> Entry | Object:
        """The stored object, or the answer of a review or subresource."""
        self.authorize(user, "create", target)
        creator = self._creators.get((target.qualified, target.subresource))
        if creator is not None:
            return await creator(await self.registry.admit_post(Post(target, user, body, options)))
        if target.subresource or target.kind.create_only:
            raise MethodNotAllowed("the server does not allow this method on the requested resource")
        return await self.registry.create(target, user, body, options)

    async def connect(self, user: User, target: Target, options: Object) -> None:
        """Let admission see a connection into an object; `options` is its options object."""
        await self.registry.admit_connect(target, user, options)

    async def update(self, user: User, target: Target, body: Object, options: WriteOptions) -> Entry:
        """Replace an object, its status or its finalizers."""
        self.authorize(user, "update", target)
        return await self.registry.update(target, user, body, options)

    async def patch(
        self, user: User, target: Target, patch: Any, patch_type: PatchType, options: WriteOptions
    ) -> Written:
        """Change an object or its status; an apply may make it."""
        self.authorize(user, "patch", target)
        return await self.registry.patch(target, user, patch, patch_type, options)

    async def delete(self, user: User, target: Target, options: DeleteOptions) -> Entry | Object:
        """What stays for now, or a Status."""
        self.authorize(user, "delete", target)
        return await self.registry.delete(target, user, options)

    async def delete_collection(
        self, user: User, target: Target, options: ListOptions, deletion: DeleteOptions
    ) -> Listing:
        """Delete what a list returns."""
        self.authorize(user, "deletecollection", target, options)
        return await self.registry.delete_collection(replace(target, name=""), user, options, deletion)
