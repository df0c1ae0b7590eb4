"""Deleting an object, at once or step by step."""

from __future__ import annotations

from proa.cluster.apiserver import codec, deletion, stored_form
from proa.cluster.apiserver.admission import Request
from proa.cluster.apiserver.backend import ANSWERING, Backend
from proa.cluster.apiserver.identity import User
from proa.cluster.apiserver.options import DeleteOptions
from proa.cluster.apiserver.target import Target
from proa.cluster.apiserver.updating import ATTEMPTS
from proa.cluster.store import Entry, RevisionMismatch
from proa.kube.resources import Object


def success(target: Target, uid: str) -> Object:
    """The Status that answers a delete after which nothing is left."""
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": target.details(uid),
    }


async def remove(backend: Backend, target: Target, user: User, options: DeleteOptions) -> Entry | Object:
    """The entry that stays for now, or the Status when it is gone. Raises NotFound, Conflict."""
    for _ in range(ATTEMPTS):
        entry = backend.current(target)
        shown = await stored_form.shown(target.kind, entry)
        obj = codec.decode(shown)
        _check_preconditions(obj, target, options)
        await backend.admission.admit(Request("DELETE", target, user, obj, obj, options))
        left = deletion.marked(obj, target, options)
        if left is None:
            obj = deletion.gone(codec.decode(shown), target)
        elif obj == codec.decode(shown):
            return shown
        elif options.dry_run:
            return Entry(entry.key, entry.revision, 0, codec.encode_json(obj))
        try:
            return await _carry_out(backend, entry, target, obj, left is not None, options)
        except RevisionMismatch:
            continue
    raise target.stale()


def _gone(target: Target, obj: Object) -> Object:
    """The answer when nothing is left."""
    return obj if target.kind.returns_deleted else success(target, obj["metadata"]["uid"])


def _check_preconditions(obj: Object, target: Target, options: DeleteOptions) -> None:
    metadata = obj["metadata"]
    if options.uid and options.uid != metadata["uid"]:
        raise target.conflict(
            f"Precondition failed: UID in precondition: {options.uid}, UID in object meta: {metadata['uid']}"
        )
    if options.resource_version and options.resource_version != metadata["resourceVersion"]:
        raise target.conflict(
            f"Precondition failed: ResourceVersion in precondition: {options.resource_version}, "
            f"ResourceVersion in object meta: {metadata['resourceVersion']}"
        )


async def _carry_out(
    backend: Backend, entry: Entry, target: Target, obj: Object, stays: bool, options: DeleteOptions
) -> Entry | Object:
    if options.dry_run:
        return _gone(target, obj)
    value = await stored_form.value(target.kind, obj)
    with ANSWERING:
        if not stays:
            deleted = await backend.store.delete(target.key, value, entry.revision)
            if target.kind.returns_deleted:
                return await stored_form.shown(target.kind, deleted)
            return success(target, obj["metadata"]["uid"])
        stored = await backend.store.update(target.key, value, entry.revision)
    return await stored_form.shown(target.kind, stored)
