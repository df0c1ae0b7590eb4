"""Changing an object: replace and patch are one loop of read, change, compare-and-swap."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from proa.cluster.apiserver import codec, deletion, field_managers, metadata, object_rules, stored_form
from proa.cluster.apiserver.admission import Admission, Request
from proa.cluster.apiserver.backend import ANSWERING, Backend
from proa.cluster.apiserver.identity import User
from proa.cluster.apiserver.options import WriteOptions
from proa.cluster.apiserver.schema import FieldError, invalid
from proa.cluster.apiserver.shape import check_shape, check_type, complete
from proa.cluster.apiserver.subresources.parts import PARTS
from proa.cluster.apiserver.subresources.scale import scale_of
from proa.cluster.apiserver.target import Target
from proa.cluster.store import Entry, RevisionMismatch
from proa.kube.resources import Object

ATTEMPTS = 10

# Other subresources (binding, finalize) make one change of their own, which no rule has to check.
_CHECKED = ("", "status", "scale", "approval")
_ADMITTED_BEFORE = ("binding", "eviction")  # as the Binding or Eviction that it is

Change = Callable[[Object], Object]
"""From the stored object, which it may keep and change, to the wanted one."""


def replacement(body: Object) -> Change:
    """A change to a given body, whatever was there."""
    return lambda _old: {**body, "metadata": dict(metadata.of(body))}


Note = Callable[[Object, Object, Target, WriteOptions], None]
"""Writes into the wanted object, in place, who owns its fields; the second argument is the stored one."""


def keep_owners(new: Object, old: Object, _target: Target, _options: WriteOptions) -> None:
    """For a change that upstream makes without noting who made it."""
    new["metadata"].pop("managedFields", None)
    if "managedFields" in old["metadata"]:
        new["metadata"]["managedFields"] = old["metadata"]["managedFields"]


def owners_are_noted(_new: Object, _old: Object, _target: Target, _options: WriteOptions) -> None:
    """For a change that has noted it by itself."""


async def modify(
    backend: Backend,
    target: Target,
    user: User,
    change: Change,
    options: WriteOptions,
    note: Note = field_managers.note_update,
) -> Entry:
    """Apply a change; nothing is written when it makes no difference.

    Tries again on a conflict unless the wanted object names the resourceVersion it is for.
    Raises NotFound, Conflict, Invalid and what admission says.
    """
    for _ in range(ATTEMPTS):
        entry = backend.current(target)
        shown = await stored_form.shown(target.kind, entry)
        old = codec.decode(shown)
        new = change(codec.decode(shown))
        missing = _shape(new, old, target, options) if target.subresource in _CHECKED else []
        _check_preconditions(new, old, target)
        if target.subresource in _CHECKED:
            new = _completed(new, old, target)
        else:
            metadata.carry_over(new, old)
            if target.subresource in PARTS:
                metadata.proceed(new, old, target.kind)
        note(new, old, target, options)
        complete = partial(_completed, old=old, target=target)
        request = Request("UPDATE", target, user, new, old, options, complete)
        try:
            with request:
                return await _settle(backend, request, entry, missing)
        except RevisionMismatch:
            continue
    raise target.stale()


async def _settle(backend: Backend, request: Request, entry: Entry, missing: list[FieldError]) -> Entry:
    target, old = request.target, request.old
    if target.subresource in _CHECKED:
        await _admit(backend, request, missing)
    elif target.subresource not in _ADMITTED_BEFORE:
        await backend.admission.admit(request)
    new = request.obj
    shown = await stored_form.shown(target.kind, entry)
    if new == old and (request.dry_run or await stored_form.is_stored(target.kind, new, entry)):
        return shown
    if request.dry_run:
        return Entry(target.key, entry.revision, 0, codec.encode_json(new))
    return await stored_form.shown(target.kind, await _write(backend, target, new, entry.revision))


async def _admit(backend: Backend, request: Request, missing: list[FieldError]) -> None:
    """Admission, with the rules of the kind between what may change the object and what may refuse it."""
    admission, target = backend.admission, request.target
    if target.subresource == "scale":
        await _admit_scale(admission, request)
        _check_rules(request, missing)
        return
    owners = request.obj["metadata"].get("managedFields")
    await admission.mutate(request)
    if request.version:
        missing = _shape_again(request, owners)
    admission.complete(request)
    _check_rules(request, missing)
    await admission.validate(request)


def _check_rules(request: Request, missing: list[FieldError]) -> None:
    new, old, target = request.obj, request.old, request.target
    if errors := object_rules.validate(new, target, old) + missing + target.kind.validate(new, old):
        raise invalid(target.resource.kind, target.resource.group, target.name, errors)


async def _admit_scale(admission: Admission, request: Request) -> None:
    """Admission of the Scale that the change was asked for with."""
    new = request.obj
    paths = request.target.kind.scale
    old = scale_of(request.old or {}, paths)
    scale = Request("UPDATE", request.target, request.user, scale_of(new, paths), old, request.options)
    await admission.admit(scale)
    if scale.version:
        new["spec"]["replicas"] = int((scale.obj.get("spec") or {}).get("replicas") or 0)


def _shape_again(request: Request, owners: list[Object] | None) -> list[FieldError]:
    """Bring what mutating webhooks and policies made into the kind's form; the fields that are missing."""
    new, old, target = request.obj, request.old or {}, request.target
    missing = _shape(new, old, target, WriteOptions(field_validation="Ignore"))
    if owners is not None:
        new["metadata"]["managedFields"] = owners
    request.obj = _completed(new, old, target)
    return missing


def _shape(new: Object, old: Object, target: Target, options: WriteOptions) -> list[FieldError]:
    """Bring the wanted object, in place, into the form of its kind; what it lacks of what will be stored."""
    without_owners = metadata.of(new).get("managedFields") == []
    check_type(new, target)
    missing = check_shape(new, target, options, old)
    metadata.settle_address(new, target)
    if without_owners:
        new["metadata"]["managedFields"] = []
    return [] if target.subresource == "status" else missing


def _completed(new: Object, old: Object, target: Target) -> Object:
    """The wanted object with what the write may not touch, and with its defaults."""
    metadata.carry_over(new, old)
    if target.subresource == "status":
        fields = old["metadata"] if target.kind.status_alone else new["metadata"]
        new = {**old, "metadata": dict(fields), **({"status": new["status"]} if "status" in new else {})}
    if target.subresource == "approval":
        decided = (new.get("status") or {}).get("conditions") or []
        new = {
            **old,
            "metadata": new["metadata"],
            "status": {**(old.get("status") or {}), "conditions": decided},
        }
    complete(new, target)
    if target.subresource not in ("status", "approval"):
        metadata.proceed(new, old, target.kind)
    return new


def _check_preconditions(new: Object, old: Object, target: Target) -> None:
    wanted, current = new["metadata"], old["metadata"]
    if metadata.revision(wanted) not in ("", current["resourceVersion"]):
        raise target.stale()
    if wanted.get("uid") not in (None, "", current["uid"]):
        raise target.conflict(
            f"Precondition failed: UID in precondition: {wanted['uid']}, UID in object meta: {current['uid']}"
        )


async def _write(backend: Backend, target: Target, new: Object, revision: int) -> Entry:
    value = await stored_form.value(target.kind, new)
    try:
        with ANSWERING:
            if deletion.is_finished(new):
                return await backend.store.delete(target.key, value, revision)
            return await backend.store.update(target.key, value, revision)
    except RevisionMismatch:
        if backend.store.get(target.key) is None:
            raise target.not_found() from None
        raise
