"""Whether a body is an object of the kind that its path says, and what to do with unknown fields."""

from __future__ import annotations

import json

from proa.cluster.apiserver.codec import encode_json
from proa.cluster.apiserver.form import Form
from proa.cluster.apiserver.options import WriteOptions
from proa.cluster.apiserver.schema import SCHEMAS, FieldError, invalid
from proa.cluster.apiserver.schema.field_error import invalid_value
from proa.cluster.apiserver.target import Target
from proa.cluster.apiserver.versions.conversion import old_form
from proa.errors import BadRequest
from proa.kube.resources import Object, Resource


def check_type(obj: Object, target: Target) -> None:
    """Compare apiVersion and kind; fill in what is absent. Raises BadRequest."""
    resource = target.resource
    if target.kind.form is not None:
        _check_custom_type(obj, resource)
    version, kind = obj.get("apiVersion") or resource.api_version, obj.get("kind") or resource.kind
    if version != resource.api_version:
        raise BadRequest(
            f"the API version in the data ({version}) does not match the expected API version "
            f"({resource.api_version})"
        )
    if kind != resource.kind:
        raise BadRequest(f"{kind} in version {version!r} cannot be handled as a {resource.kind}")
    obj["apiVersion"], obj["kind"] = version, kind


def _check_custom_type(obj: Object, resource: Resource) -> None:
    """Custom objects say what they are. Raises BadRequest, Invalid."""
    kind = obj.get("kind")
    if not kind:
        text = json.dumps(obj)
        missing = f"Object 'Kind' is missing in '{text}'"
        raise BadRequest(
            f"the object provided is unrecognized (must be of type {resource.kind}): {missing} ({text})"
        )
    if kind != resource.kind and obj.get("apiVersion") == resource.api_version:
        name = (obj.get("metadata") or {}).get("name") or ""
        error = invalid_value("kind", kind, f"must be {resource.kind}")
        raise invalid(str(kind), resource.group, name, [error])


def _unchanged(obj: Object, old: Object) -> list[str]:
    """The fields at the top that are as they were; compared as JSON, in which 1 is not true."""
    return [name for name in old if name in obj and encode_json(obj[name]) == encode_json(old[name])]


def check_shape(
    obj: Object, target: Target, options: WriteOptions, old: Object | None = None
) -> list[FieldError]:
    """Compare with the published schema, then drop what it does not know; the fields that are missing.

    What is as it is in `old`, which is stored, is not looked at again.
    Raises BadRequest.
    """
    if target.kind.form is not None:
        _check_form(obj, target, options, target.kind.form)
        return []
    if target.kind.prepare is not None:
        with old_form(obj):
            target.kind.prepare(obj)
    resource = target.resource
    if SCHEMAS.fits(resource.api_version, resource.kind, obj):
        _complain([], resource, options)
        return []
    settled = _unchanged(obj, old) if old else ()
    findings = SCHEMAS.check(resource.api_version, resource.kind, obj, settled)
    if findings.malformed:
        raise BadRequest(findings.malformed)
    options.repeated = options.repeated.in_order(findings.unknown)
    _complain(findings.unknown, resource, options)
    SCHEMAS.prune(resource.api_version, resource.kind, obj, settled)
    return findings.errors


def complete(obj: Object, target: Target) -> None:
    """Fill in, in place, what an object leaves open: its defaults, and what is always written."""
    target.kind.default(obj)
    SCHEMAS.complete(target.resource.api_version, target.resource.kind, obj)


def _check_form(obj: Object, target: Target, options: WriteOptions, form: Form) -> None:
    resource = target.resource
    shape = form.prune(obj)
    if shape.malformed:
        raise BadRequest(f"{_opening(resource)}: {shape.malformed}")
    _complain(shape.unknown, resource, options)


def _complain(unknown: list[str], resource: Resource, options: WriteOptions) -> None:
    """Refuse fields that are unknown or stand twice, or warn, as the options say. Raises BadRequest."""
    if not unknown and not options.repeated.texts:
        return
    if options.field_validation == "Strict":
        raise BadRequest(f"{_opening(resource)}: strict decoding error: {options.repeated.error(unknown)}")
    if options.field_validation == "Warn":
        options.warn(options.repeated.warnings(unknown))


def _opening(resource: Resource) -> str:
    return f'{resource.kind} in version "{resource.version}" cannot be handled as a {resource.kind}'
