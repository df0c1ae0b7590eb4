"""Watches over HTTP: one JSON line an event, in chunks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from aiohttp import web

from proa.cluster.apiserver import codec
from proa.cluster.apiserver.http.connection import streaming
from proa.cluster.apiserver.http.negotiation import Form, Representation
from proa.cluster.apiserver.http.reply import ChunkedReply, chunk
from proa.cluster.apiserver.kind import Kind
from proa.cluster.apiserver.table import partial_metadata, table
from proa.cluster.apiserver.watches import Change, WatchStream
from proa.kube.resources import Object

Framer = Callable[[Change], bytes]


async def stream_watch(
    request: web.BaseRequest, kind: Kind, stream: WatchStream, wanted: Representation, include_object: str
) -> web.StreamResponse:
    """Send changes until the stream ends or the client goes."""
    frame = _framer(kind, wanted, include_object or "Metadata")
    try:
        response = ChunkedReply()
        await response.prepare(request)
        if wanted.form is Form.OBJECT:
            stream.push_to(response.push, _chunks)
        with streaming(request):
            async for changes in stream.changes():
                await response.send(b"".join([frame(change) for change in changes]))
    finally:
        stream.close()
    return response


def _chunks(changes: Sequence[Change]) -> bytes:
    """The lines, each as a chunk of its own."""
    return b"".join([_chunk(change) for change in changes])


def _chunk(change: Change) -> bytes:
    """The line as a chunk of its own, made once for all watchers."""
    if change.shared is None:
        return chunk(change.frame())
    key = f"chunk {change.type}"
    made: bytes | None = change.shared.get(key)
    if made is None:
        made = change.shared[key] = chunk(change.frame())
    return made


def _framer(kind: Kind, wanted: Representation, include_object: str) -> Framer:
    if wanted.form is Form.OBJECT:
        return Change.frame
    render = _renderer(kind, wanted, include_object)

    def frame(change: Change) -> bytes:
        if change.type == "ERROR":
            return change.frame()
        body = render(codec.decode_bytes(change.value))
        return codec.encode_json({"type": change.type, "object": body}) + b"\n"

    return frame


def _bookmark(obj: Object) -> Object:
    """What stands in the row of a bookmark."""
    return {**obj, "metadata": {"name": "", **obj["metadata"]}}


def _renderer(kind: Kind, wanted: Representation, include_object: str) -> Callable[[Object], Object]:
    if wanted.form is Form.TABLE:
        return _table_renderer(kind, include_object, wanted.api_version)
    return partial(partial_metadata, api_version=wanted.api_version)


def _table_renderer(kind: Kind, include_object: str, api_version: str) -> Callable[[Object], Object]:
    """One-row tables; only the first tells the columns."""
    told = False

    def render(obj: Object) -> Object:
        nonlocal told
        row = obj if "name" in obj["metadata"] else _bookmark(obj)
        rendered = table(kind, [row], include_object, api_version=api_version)
        if "name" not in obj["metadata"]:
            for row in rendered["rows"]:
                (row["object"] or {}).get("metadata", {}).pop("name", None)
        rendered["metadata"] = {"resourceVersion": obj["metadata"].get("resourceVersion", "")}
        if told:
            rendered["columnDefinitions"] = None
        told = True
        return rendered

    return render
