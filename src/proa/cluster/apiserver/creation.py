"""Creating an object."""

from __future__ import annotations

from functools import partial

from proa.cluster.apiserver import codec, field_managers, metadata, names, object_rules, stored_form
from proa.cluster.apiserver.admission import Request
from proa.cluster.apiserver.backend import ANSWERING, Backend
from proa.cluster.apiserver.identity import User
from proa.cluster.apiserver.options import WriteOptions
from proa.cluster.apiserver.schema import FieldError, invalid
from proa.cluster.apiserver.shape import check_shape, check_type, complete
from proa.cluster.apiserver.target import Target
from proa.cluster.store import Entry, KeyExists
from proa.errors import AlreadyExists, BadRequest
from proa.kube.resources import Object

GENERATED_ATTEMPTS = 8


async def create(
    backend: Backend,
    target: Target,
    user: User,
    obj: Object,
    options: WriteOptions,
    owners: list[Object] | None = None,
) -> Entry:
    """Store a new object, which is changed in place; `owners` are its managedFields if known already.

    Raises AlreadyExists, Invalid, BadRequest and what admission says.
    """
    missing = _prepare(obj, target, options)
    if owners is None:
        field_managers.note_create(obj, target, options)
    elif owners:
        obj["metadata"]["managedFields"] = owners
    request = Request(
        "CREATE", target, user, obj, options=options, complete=partial(_defaulted, target=target)
    )
    await backend.admission.mutate(request)
    if request.version:
        missing = _prepare_again(request, obj["metadata"].get("managedFields"))
    metadata.stamp(request.obj)
    return await _name_and_store(backend, request, missing)


async def _name_and_store(backend: Backend, request: Request, missing: list[FieldError]) -> Entry:
    """Store the object under its name, or under one that is free."""
    target, obj = request.target, request.obj
    fields = obj["metadata"]
    base = fields.get("generateName") if not fields.get("name") else None
    for _ in range(GENERATED_ATTEMPTS if base else 1):
        if base:
            fields["name"] = names.generate(base)
        target.kind.add(obj)
        try:
            with request:
                backend.admission.complete(request)
                return await _store(backend, request, missing)
        except AlreadyExists:
            continue
    raise target.of(fields["name"]).exists()


def _prepare(obj: Object, target: Target, options: WriteOptions) -> list[FieldError]:
    """Complete the object as far as it depends on nothing else; the fields that are missing."""
    check_type(obj, target)
    missing = check_shape(obj, target, options)
    metadata.settle_address(obj, target)
    metadata.wipe(obj)
    metadata.begin(obj, target.kind)
    complete(obj, target)
    return missing


def _defaulted(obj: Object, target: Target) -> Object:
    """What a mutating webhook or policy made, with defaults."""
    metadata.settle_address(obj, target)
    complete(obj, target)
    return obj


def _prepare_again(request: Request, owners: list[Object] | None) -> list[FieldError]:
    """Bring what mutating webhooks and policies made into the kind's form; the fields that are missing."""
    missing = _prepare(request.obj, request.target, WriteOptions(field_validation="Ignore"))
    if owners:
        request.obj["metadata"]["managedFields"] = owners
    return missing


async def _store(backend: Backend, request: Request, missing: list[FieldError]) -> Entry:
    target, obj = request.target, request.obj
    name = obj["metadata"].get("name", "")
    if errors := object_rules.validate(obj, target) + missing + target.kind.validate(obj):
        raise invalid(target.resource.kind, target.resource.group, name, errors)
    await backend.admission.validate(request)
    key = target.prefix + name
    if request.dry_run:
        if backend.store.get(key) is not None:
            raise target.of(name).exists()
        return Entry(key, 0, 0, codec.encode_json(obj))
    if obj["metadata"].pop("resourceVersion", "0") != "0":
        raise BadRequest("resourceVersion should not be set on objects to be created")
    value = await stored_form.value(target.kind, obj)
    try:
        with ANSWERING:
            entry = await backend.store.create(key, value)
        return await stored_form.shown(target.kind, entry)
    except KeyExists:
        raise target.of(name).exists() from None
