"""Server-side apply: a PATCH that says what its manager wants of an object, which may not be there yet.

Source: apiserver, pkg/endpoints/handlers/patch.go, applyPatcher.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

from proa.cluster.apiserver import creation, metadata, updating
from proa.cluster.apiserver.apply import Manager, applied, renew_last_applied, yielded_by_last_applied
from proa.cluster.apiserver.backend import Backend
from proa.cluster.apiserver.field_managers import schema_of, untouchable
from proa.cluster.apiserver.identity import User
from proa.cluster.apiserver.options import WriteOptions
from proa.cluster.apiserver.schema import SCHEMAS
from proa.cluster.apiserver.subresources.parts import limited
from proa.cluster.apiserver.subresources.scale import SCALE, scale_configuration, scale_entry
from proa.cluster.apiserver.target import Target
from proa.cluster.store import Entry
from proa.errors import AlreadyExists, BadRequest
from proa.kube.resources import Object


class Written(NamedTuple):
    """What is stored now, and whether it is new."""

    entry: Entry
    created: bool = False


async def apply(backend: Backend, target: Target, user: User, config: Any, options: WriteOptions) -> Written:
    """Bring the object in line with a configuration.

    Raises Conflict for fields of others, BadRequest for what is no such object, and what writing raises.
    """
    if target.subresource == "scale":
        return Written(
            scale_entry(
                await _change(backend, target, user, _scale(config, target, options), options),
                target.kind.scale,
            )
        )
    _check(config, target)
    if target.subresource or backend.store.get(target.key) is not None:
        return Written(await _change(backend, target, user, config, options))
    try:
        return Written(await _create(backend, target, user, config, options), created=True)
    except AlreadyExists:
        return Written(await _change(backend, target, user, config, options))


async def _create(
    backend: Backend, target: Target, user: User, config: Object, options: WriteOptions
) -> Entry:
    if uid := metadata.of(config).get("uid"):
        raise target.conflict(
            f"uid mismatch: the provided object specified uid {uid}, and no existing object was found"
        )
    obj = _applied(None, config, target, options)
    owners = obj["metadata"].pop("managedFields", [])
    return await creation.create(backend, target, user, obj, options, owners)


async def _change(
    backend: Backend, target: Target, user: User, config: Object, options: WriteOptions
) -> Entry:
    def change(live: Object) -> Object:
        return _applied(live, config, target, options)

    part = limited(change, target, options)
    return await updating.modify(backend, target, user, part, options, updating.owners_are_noted)


def _applied(live: Object | None, config: Object, target: Target, options: WriteOptions) -> Object:
    schema, name = schema_of(target), options.manager
    manager = Manager(name, "Apply", target.resource.api_version, target.subresource)
    obj = applied(
        schema,
        live,
        config,
        manager,
        metadata.now(),
        force=options.force,
        ignored=untouchable(target),
        yielded=yielded_by_last_applied(schema, live, name) if live else frozenset(),
    )
    if not target.subresource:
        renew_last_applied(obj, config, name)
    return obj


def _scale(config: Any, target: Target, options: WriteOptions) -> Object:
    _check(config, replace(target, kind=SCALE))
    return scale_configuration(config, target, options)


def _check(config: Any, target: Target) -> None:
    """Whether it is a configuration of the kind. Raises BadRequest. Fields may be missing, not unknown."""
    resource = target.resource
    if not isinstance(config, dict):
        raise BadRequest("error decoding patch: the configuration is no object")
    version, kind = config.get("apiVersion", ""), config.get("kind", "")
    if (version, kind) != (resource.api_version, resource.kind):
        group = version if "/" in version else f"/{version}"
        raise BadRequest(f"invalid object type: {group}, Kind={kind}")
    for problem in _problems(config, target):
        raise BadRequest(
            f"failed to create typed patch object ({target.namespace}/{target.name}; "
            f"{resource.group}/{resource.version}, Kind={kind}): {problem}"
        )
    metadata.settle_address(config, target)


def _problems(config: Object, target: Target) -> list[str]:
    form = target.kind.form
    if form is not None:
        return form.undeclared(config)
    if SCHEMAS.fits(config["apiVersion"], config["kind"], config):
        return []
    findings = SCHEMAS.check(config["apiVersion"], config["kind"], config)
    return [problem for problem in (findings.malformed, *findings.unknown) if problem]
