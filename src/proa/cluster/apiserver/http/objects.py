"""Requests about objects: one method each, from the query and body to the answer."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from urllib.parse import parse_qsl

from aiohttp import hdrs, web

from proa.cluster.apiserver import codec
from proa.cluster.apiserver.actions import Actions
from proa.cluster.apiserver.http import body
from proa.cluster.apiserver.http.log_stream import send_log
from proa.cluster.apiserver.http.negotiation import (
    JSON,
    Form,
    Representation,
    check_partial,
    representation_of,
)
from proa.cluster.apiserver.http.reply import PiecewiseReply, Reply, json_reply, warnings
from proa.cluster.apiserver.http.router import Route
from proa.cluster.apiserver.http.watching import stream_watch
from proa.cluster.apiserver.identity import User
from proa.cluster.apiserver.lists import Listing
from proa.cluster.apiserver.options import DeleteOptions, ListOptions, WriteOptions
from proa.cluster.apiserver.subresources.log import PodLogs
from proa.cluster.apiserver.subresources.scale import SCALE
from proa.cluster.apiserver.table import partial_metadata, table
from proa.cluster.apiserver.target import Target
from proa.cluster.store import Entry
from proa.errors import BadRequest, MethodNotAllowed
from proa.kube.resources import Object

_PRESERVED = (
    "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove "
    "them or set propagationPolicy=Orphan to suppress this warning"
)
_COMPRESS_ABOVE = 128 << 10

Query = Mapping[str, str]


def parse_query(text: str) -> Query:
    """The last value of each parameter."""
    return dict(parse_qsl(text, keep_blank_values=True)) if text else {}


def write_options(request: web.BaseRequest, query: Query) -> WriteOptions:
    """Raises Invalid."""
    return WriteOptions.parse(query, request.headers.get(hdrs.USER_AGENT, ""))


class ObjectRequests:
    """Answers requests under /api and /apis."""

    def __init__(self, actions: Actions, logs: PodLogs) -> None:
        self._actions = actions
        self._logs = logs
        self._methods: dict[str, Callable[..., Awaitable[web.StreamResponse]]] = {
            hdrs.METH_GET: self._get,
            hdrs.METH_HEAD: self._get,
            hdrs.METH_POST: self._create,
            hdrs.METH_PUT: self._update,
            hdrs.METH_PATCH: self._patch,
            hdrs.METH_DELETE: self._delete,
        }

    async def serve(
        self, request: web.BaseRequest, user: User, route: Route, query_text: str
    ) -> web.StreamResponse:
        """Raises ApiError."""
        method = self._methods.get(request.method)
        if method is None or not _addressable(request.method, route.target):
            raise MethodNotAllowed("the server does not allow this method on the requested resource")
        query = parse_query(query_text)
        if method == self._get and (route.watch or not route.target.name):
            reply = await self._collection(request, user, route, query)
        else:
            reply = await method(request, user, route.target, query)
        if route.target.kind.deprecation and isinstance(reply, Reply):
            reply.add_headers(warnings([route.target.kind.deprecation]))
        return reply

    async def _collection(
        self, request: web.BaseRequest, user: User, route: Route, query: Query
    ) -> web.StreamResponse:
        options, target = ListOptions.parse(query, watch=route.watch), route.target
        if route.watch and target.name:
            only = f"metadata.name={target.name}"
            options = replace(options, field_selector=",".join(filter(None, [options.field_selector, only])))
            target = target.of("")
        wanted = representation_of(request.headers.get(hdrs.ACCEPT, ""))
        if options.watch:
            stream = self._actions.watch(user, target, options)
            return await stream_watch(request, target.kind, stream, wanted, query.get("includeObject", ""))
        listing = await self._actions.list(user, target, options)
        _check_form(wanted.form, target, query, is_list=True)
        if (
            wanted.form is Form.OBJECT
            and (size := listing.size()) > _COMPRESS_ABOVE
            and not _takes_gzip(request)
        ):
            return PiecewiseReply(size, listing.pieces())
        return await _compressed(request, _list_body(listing, wanted, query))

    async def _get(
        self, request: web.BaseRequest, user: User, target: Target, query: Query
    ) -> web.StreamResponse:
        if target.subresource == "log":
            return await self._stream_log(request, user, target, query)
        entry = await self._actions.get(user, target)
        reply = _entry_reply(entry, target, request, query)
        return await _compressed(request, reply.body) if len(reply.body) >= _COMPRESS_ABOVE else reply

    async def _stream_log(
        self, request: web.BaseRequest, user: User, target: Target, query: Query
    ) -> web.StreamResponse:
        self._actions.authorize(user, "get", target)
        async with self._logs.open(target, query) as chunks:
            return await send_log(request, chunks)

    async def _create(
        self, request: web.BaseRequest, user: User, target: Target, query: Query
    ) -> web.StreamResponse:
        options = write_options(request, query)
        result = await self._actions.create(user, target, await body.read_object(request, options), options)
        more = warnings(options.warnings)
        if isinstance(result, Entry):
            return _entry_reply(result, target, request, query, 201, more)
        wanted = representation_of(request.headers.get(hdrs.ACCEPT, ""), tables=False)
        if wanted.form is not Form.OBJECT:
            _check_form(wanted.form, target, query, is_list=False)
            result = partial_metadata(result, wanted.api_version)
        return json_reply(result, 201, more)

    async def _update(
        self, request: web.BaseRequest, user: User, target: Target, query: Query
    ) -> web.StreamResponse:
        options = write_options(request, query)
        entry = await self._actions.update(user, target, await body.read_object(request, options), options)
        return _entry_reply(entry, target, request, query, 200, warnings(options.warnings))

    async def _patch(
        self, request: web.BaseRequest, user: User, target: Target, query: Query
    ) -> web.StreamResponse:
        options = write_options(request, query)
        patch, patch_type = await body.read_patch(request, options)
        entry, created = await self._actions.patch(user, target, patch, patch_type, options)
        status = 201 if created else 200
        return _entry_reply(entry, target, request, query, status, warnings(options.warnings))

    async def _delete(
        self, request: web.BaseRequest, user: User, target: Target, query: Query
    ) -> web.StreamResponse:
        options = DeleteOptions.parse(query, await body.read_optional(request))
        if target.qualified == "jobs.batch" and not options.propagation:
            options.warnings.append(_PRESERVED)
        if not target.name:
            selected = ListOptions.parse(query)
            listing = await self._actions.delete_collection(user, target, selected, options)
            return Reply(listing.encode(), headers=warnings(options.warnings))
        result = await self._actions.delete(user, target, options)
        more = warnings(options.warnings)
        if isinstance(result, Entry):
            return _entry_reply(result, target, request, query, 200, more)
        return json_reply(result, 200, more)


def _addressable(method: str, target: Target) -> bool:
    """Whether a method goes with a collection or an object: what a path names."""
    if method == hdrs.METH_POST and target.resource.namespaced and not target.namespace:
        return False
    if method == hdrs.METH_POST:
        return not target.name or bool(target.subresource)
    return bool(target.name) or method not in (hdrs.METH_PUT, hdrs.METH_PATCH)


def _entry_reply(
    entry: Entry,
    target: Target,
    request: web.BaseRequest,
    query: Query,
    status: int = 200,
    headers: Sequence[tuple[str, str]] = (),
) -> Reply:
    wanted = representation_of(request.headers.get(hdrs.ACCEPT, ""))
    if wanted.form is Form.OBJECT:
        return Reply(entry.value, status, JSON, headers)
    obj = codec.decode(entry)
    _check_form(wanted.form, target, query, is_list=False)
    if wanted.form is Form.PARTIAL:
        return json_reply(partial_metadata(obj, wanted.api_version), status, headers)
    metadata = {"resourceVersion": str(entry.revision)}
    return json_reply(_table(target, [obj], query, metadata, wanted.api_version), status, headers)


def _check_form(form: Form, target: Target, query: Query, is_list: bool) -> None:
    if form is Form.TABLE:
        _check_include(query)
    check_partial(form, target.kind.resource.kind, is_list)


def _check_include(query: Query) -> None:
    wanted = query.get("includeObject") or "Metadata"
    if wanted not in ("Metadata", "Object", "None"):
        why = f"Invalid value: \"{wanted}\": must be 'Metadata', 'Object', 'None', or empty"
        raise BadRequest(f"Unable to convert to Table as requested: includeObject: {why}")


def _table(target: Target, objects: list[Object], query: Query, metadata: Object, api_version: str) -> Object:
    kind = SCALE if target.subresource == "scale" else target.kind
    rendered = table(kind, objects, query.get("includeObject") or "Metadata", api_version=api_version)
    rendered["metadata"] = metadata
    return rendered


def _list_body(listing: Listing, wanted: Representation, query: Query) -> bytes:
    if wanted.form is Form.OBJECT:
        return listing.encode()
    objects = [codec.decode(entry) for entry in listing.entries]
    if wanted.form is Form.TABLE:
        metadata, target = listing.metadata(), Target(listing.kind)
        return codec.encode_json(_table(target, objects, query, metadata, wanted.api_version))
    return codec.encode_json(
        {
            "kind": "PartialObjectMetadataList",
            "apiVersion": wanted.api_version,
            "metadata": listing.metadata(),
            "items": [partial_metadata(obj, wanted.api_version) for obj in objects],
        }
    )


def _takes_gzip(request: web.BaseRequest) -> bool:
    return "gzip" in request.headers.get(hdrs.ACCEPT_ENCODING, "")


async def _compressed(request: web.BaseRequest, content: bytes) -> Reply:
    """Large answers are compressed, fast rather than small, when the client takes gzip."""
    if len(content) < _COMPRESS_ABOVE or not _takes_gzip(request):
        return Reply(content)
    loop = asyncio.get_running_loop()
    packed = await loop.run_in_executor(None, _gzip, content)
    return Reply(packed, headers=[("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding")])


def _gzip(content: bytes) -> bytes:
    return zlib.compress(content, level=1, wbits=31)
