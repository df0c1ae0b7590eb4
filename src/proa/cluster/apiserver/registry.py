"""Objects of all kinds over one store: get, list, watch, create, update, patch, delete.

What differs between kinds stands in their declarations, in the admission steps and in the
subresources; who may do what is decided before. Every method raises ApiError.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from proa.cluster.apiserver import applying, creation, metadata, removal, stored_form, updating
from proa.cluster.apiserver.admission import Request
from proa.cluster.apiserver.applying import Written
from proa.cluster.apiserver.backend import ANSWERING, Backend
from proa.cluster.apiserver.codec import encode_json, notes
from proa.cluster.apiserver.components import STATUSES, Components
from proa.cluster.apiserver.field_managers import schema_of
from proa.cluster.apiserver.identity import User
from proa.cluster.apiserver.lists import Listing, list_entries
from proa.cluster.apiserver.options import DeleteOptions, ListOptions, WriteOptions
from proa.cluster.apiserver.patch import apply_json_patch, apply_merge_patch, apply_strategic_patch
from proa.cluster.apiserver.schema import invalid
from proa.cluster.apiserver.schema.field_error import invalid_value
from proa.cluster.apiserver.subresources import Post
from proa.cluster.apiserver.subresources.finalize import finalizing
from proa.cluster.apiserver.subresources.parts import limited
from proa.cluster.apiserver.subresources.scale import scale_entry, scaled
from proa.cluster.apiserver.target import Target
from proa.cluster.apiserver.watches import WatchStream
from proa.cluster.store import Entry
from proa.errors import ApiError, BadRequest, Invalid, NotFound, UnsupportedMediaType
from proa.kube.client import PatchType
from proa.kube.resources import Object


class Registry:
    """The verbs of the API over a backend."""

    def __init__(self, backend: Backend, components: Components) -> None:
        self.backend = backend
        self._components = components
        self.store = backend.store

    async def get(self, target: Target) -> Entry:
        """The stored entry. A subresource that has no representation of its own shows the object."""
        _replaceable(target)
        if target.resource == STATUSES:
            return self._components.entry(target)
        entry = await stored_form.shown(target.kind, self.backend.current(target))
        return scale_entry(entry, target.kind.scale) if target.subresource == "scale" else entry

    async def list(self, target: Target, options: ListOptions) -> Listing:
        """A page of entries."""
        if target.resource == STATUSES:
            return Listing(target.kind, self._components.entries(), self.store.revision)
        with ANSWERING:
            return await list_entries(self.store, target, options)

    def watch(self, target: Target, options: ListOptions) -> WatchStream:
        """A stream of changes."""
        return WatchStream(self.store, target, options)

    async def create(self, target: Target, user: User, obj: Object, options: WriteOptions) -> Entry:
        """Store a new object; `obj` is the registry's from here on."""
        return await creation.create(self.backend, target, user, obj, options)

    async def admit_post(self, post: Post) -> Post:
        """The body of a review or subresource as admission leaves it."""
        target, body = post.target, post.body
        sub = target.kind.subresources.get(target.subresource)
        address = sub if sub and sub.version else target.resource
        version = f"{address.group}/{address.version}" if address.group else address.version
        body.setdefault("apiVersion", version)
        body.setdefault("kind", (sub and sub.kind) or target.resource.kind)
        request = Request("CREATE", target, post.user, body, options=post.options)
        await self.backend.admission.admit(request)
        return replace(post, body=request.obj)

    async def admit_connect(self, target: Target, user: User, options: Object) -> None:
        """Ask admission about a connection."""
        await self.backend.admission.admit(Request("CONNECT", target, user, options))

    async def update(self, target: Target, user: User, obj: Object, options: WriteOptions) -> Entry:
        """Replace an object or a part of it."""
        change = _replaceable(target)(obj)
        if not target.subresource:
            metadata.settle_address(obj, target)
        conditional = target.kind.form is not None or not target.kind.unconditional_updates
        if conditional and not metadata.revision(metadata.of(obj)):
            self.backend.current(target)  # who is not there is not found
            raise _without_version(target)
        return await self._modify(target, user, change, options)

    async def patch(
        self, target: Target, user: User, patch: Any, patch_type: PatchType, options: WriteOptions
    ) -> Written:
        """Change an object or its status by a patch."""
        _replaceable(target)
        options.check_patch(applying=patch_type is PatchType.APPLY)
        if patch_type is PatchType.APPLY:
            return await applying.apply(self.backend, target, user, patch, options)
        change = Patched(patch_change(target, patch, patch_type), target)
        try:
            return Written(await self._modify(target, user, change, options))
        except BadRequest as error:
            raise change.refused(error) from error

    async def _modify(
        self, target: Target, user: User, change: updating.Change, options: WriteOptions
    ) -> Entry:
        change = limited(change, target, options)
        if target.subresource != "scale":
            return await updating.modify(self.backend, target, user, change, options)

        def scale(old: Object) -> Object:
            return scaled(old, change, target, options)

        return scale_entry(
            await updating.modify(self.backend, target, user, scale, options), target.kind.scale
        )

    async def delete(self, target: Target, user: User, options: DeleteOptions) -> Entry | Object:
        """The entry that stays for now, or a Status when it is gone."""
        return await removal.remove(self.backend, target, user, options)

    async def delete_collection(
        self, target: Target, user: User, options: ListOptions, deletion: DeleteOptions
    ) -> Listing:
        """Delete what a list would return; the list as it was."""
        listing = await self.list(target, options)
        for entry in listing.entries:
            namespace = entry.key.split("/")[2] if target.resource.namespaced else ""
            about = Target(target.kind, namespace, entry.key.rpartition("/")[2])
            try:
                await self.delete(about, user, deletion)
            except NotFound:
                continue
        return listing

    def uid(self, target: Target) -> str:
        """The uid of the object that is there now; empty when there is none."""
        entry = self.store.get(target.key)
        return notes(entry).uid if entry else ""


_REPLACEMENTS: dict[str, Callable[[Object], updating.Change]] = {
    "": updating.replacement,
    "status": updating.replacement,
    "scale": updating.replacement,
    "ephemeralcontainers": updating.replacement,
    "resize": updating.replacement,
    "approval": updating.replacement,
    "finalize": finalizing,
}


def _replaceable(target: Target) -> Callable[[Object], updating.Change]:
    """How a PUT of the object or subresource changes it. Raises NotFound."""
    if target.subresource not in _REPLACEMENTS:
        raise NotFound("the server could not find the requested resource")
    return _REPLACEMENTS[target.subresource]


def _without_version(target: Target) -> Invalid:
    """Some kinds are not replaced without saying which state of the object."""
    error = invalid_value("metadata.resourceVersion", 0, "must be specified for an update")
    resource = target.resource
    return invalid(resource.plural, resource.group, target.name, [error])


def patch_change(target: Target, patch: Any, patch_type: PatchType) -> Callable[[Object], Object]:
    """The change that a patch stands for. Raises UnsupportedMediaType."""
    if patch_type is PatchType.JSON:
        return lambda old: apply_json_patch(old, patch)
    if patch_type is PatchType.MERGE:
        return lambda old: apply_merge_patch(old, patch)
    if patch_type is PatchType.STRATEGIC and target.kind.form is None:
        return lambda old: apply_strategic_patch(old, patch, schema_of(target))
    known = ", ".join(kind.value for kind in PatchType if kind is not PatchType.STRATEGIC)
    raise UnsupportedMediaType(
        f"the body of the request was in an unknown format - accepted media types include: {known}"
    )


class Patched:
    """A change by a patch, which remembers what it made: complaints about that are about the patch."""

    def __init__(self, change: updating.Change, target: Target) -> None:
        self._change = change
        self._target = target
        self._made: Object | None = None

    def __call__(self, old: Object) -> Object:
        self._made = None
        new = self._change(old)
        self._made = {**new, "metadata": dict(metadata.of(new))}
        wanted = self._made["metadata"].get("uid")
        if wanted not in (None, "", old["metadata"]["uid"]):
            immutable = invalid_value("metadata.uid", wanted, "field is immutable")
            resource = self._target.resource
            raise invalid(resource.kind, resource.group, self._target.name, [immutable])
        return new

    def refused(self, error: BadRequest) -> ApiError:
        """422 when what the patch made is no object of the kind; the error itself when the patch is none."""
        if self._made is None or error.message.startswith(("the name of the", "the namespace of the")):
            return error
        why = error.message.partition(" cannot be handled as a ")[2].partition(": ")[2] or error.message
        return invalid("", "", "", [invalid_value("patch", encode_json(self._made).decode(), why)])
