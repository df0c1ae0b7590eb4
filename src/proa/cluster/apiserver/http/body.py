"""Request bodies: JSON, YAML or protobuf, at most 3 MiB."""

from __future__ import annotations

from typing import Any

import msgspec
from aiohttp import hdrs, web

from proa.cluster.apiserver.http.negotiation import JSON, media_types
from proa.cluster.apiserver.http.yaml_body import decode_yaml
from proa.cluster.apiserver.options import WriteOptions
from proa.cluster.apiserver.repeated import Repeated, in_json, in_operations
from proa.cluster.protobuf import DecodeError
from proa.cluster.protobuf.kubernetes import decode_object
from proa.errors import BadRequest, RequestEntityTooLarge, UnsupportedMediaType
from proa.kube.client import PatchType
from proa.kube.resources import Object

LIMIT = 3 << 20
PROTOBUF = "application/vnd.kubernetes.protobuf"
YAML = "application/yaml"

_json = msgspec.json.Decoder()


async def read(request: web.BaseRequest) -> bytes:
    """The bytes of the body. Raises RequestEntityTooLarge, at once when it is announced; BadRequest."""
    try:
        if (request.content_length or 0) > LIMIT:
            raise web.HTTPRequestEntityTooLarge(LIMIT)
        return await request.read()
    except web.HTTPRequestEntityTooLarge:
        raise RequestEntityTooLarge(f"Request entity too large: limit is {LIMIT}") from None
    except web.RequestPayloadError as error:
        raise BadRequest(f"the body of the request cannot be read: {' '.join(str(error).split())}") from error


def content_type(request: web.BaseRequest) -> str:
    """The media type of the body; JSON when none is given."""
    types = media_types(request.headers.get(hdrs.CONTENT_TYPE, ""))
    return types[0].type if types else JSON


async def read_object(request: web.BaseRequest, options: WriteOptions | None = None) -> Object:
    """The object in the body; `options` learn of its fields that stand twice.

    Raises BadRequest, UnsupportedMediaType, RequestEntityTooLarge.
    """
    body = await read(request)
    media_type = content_type(request)
    if media_type == PROTOBUF:
        return _checked(_decode_protobuf(body))
    if media_type == YAML:
        value, repeated = await decode_yaml(body)
        _note(options, repeated)
        return _checked(value)
    if media_type != JSON:
        raise UnsupportedMediaType(
            f"the body of the request was in an unknown format - accepted media types include: "
            f"{JSON}, {YAML}, {PROTOBUF}"
        )
    obj = _checked(decode_json(body))
    if _is_curious(options):
        _note(options, in_json(body, obj))
    return obj


async def read_optional(request: web.BaseRequest) -> Object | None:
    """The object in the body; None when the body is empty."""
    return await read_object(request) if request.can_read_body else None


async def read_patch(request: web.BaseRequest, options: WriteOptions | None = None) -> tuple[Any, PatchType]:
    """The patch in the body and how it is to be applied; `options` learn of fields that stand twice."""
    try:
        patch_type = PatchType(content_type(request))
    except ValueError:
        known = ", ".join(kind.value for kind in PatchType)
        message = f"the body of the request was in an unknown format - accepted media types include: {known}"
        raise UnsupportedMediaType(message) from None
    body = await read(request)
    if patch_type is PatchType.APPLY:
        patch, repeated = await decode_yaml(body)
        _note(options, repeated)
        return patch, patch_type
    patch = decode_json(body)
    if _is_curious(options):
        find = in_operations if patch_type is PatchType.JSON else in_json
        _note(options, find(body, patch))
    return patch, patch_type


def _is_curious(options: WriteOptions | None) -> bool:
    return options is not None and options.field_validation != "Ignore"


def _note(options: WriteOptions | None, repeated: Repeated) -> None:
    if options is not None:
        options.repeated = repeated


def decode_json(body: bytes) -> Any:
    """Raises BadRequest."""
    try:
        return _json.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise BadRequest(f"the object provided is unrecognized: {error}") from error


def _decode_protobuf(body: bytes) -> Object:
    try:
        return decode_object(body)
    except DecodeError as error:
        raise BadRequest(f"the object provided is unrecognized: {error}") from error


def _checked(value: Any) -> Object:
    if not isinstance(value, dict):
        raise BadRequest("the object provided is unrecognized: it is no JSON object")
    return value
