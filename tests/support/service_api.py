"""As much of an API server as service proxies need, in memory."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Mapping
from itertools import islice
from pathlib import Path

import msgspec
from aiohttp import web

from proa.kernel import netns
from proa.kube import Object

PORT = 8001
_PATHS = {
    "services": "/api/v1/services",
    "endpointslices": "/apis/discovery.k8s.io/v1/endpointslices",
    "nodes": "/api/v1/nodes",
    "servicecidrs": "/apis/networking.k8s.io/v1/servicecidrs",
}
_KINDS = {
    "services": ("v1", "Service"),
    "endpointslices": ("discovery.k8s.io/v1", "EndpointSlice"),
    "nodes": ("v1", "Node"),
    "servicecidrs": ("networking.k8s.io/v1", "ServiceCIDR"),
}


class Api:
    """Lists and watches of a few collections, and nothing else of an API server."""

    def __init__(self) -> None:
        self.objects: dict[str, dict[str, bytes]] = {name: {} for name in _PATHS}
        self._watchers: dict[str, list[asyncio.Queue[bytes]]] = {name: [] for name in _PATHS}
        self._revision = 1

    def put(self, name: str, obj: Object) -> None:
        self._revision += 1
        version, kind = _KINDS[name]
        metadata = obj["metadata"] | {"resourceVersion": str(self._revision)}
        obj = {"apiVersion": version, "kind": kind} | obj | {"metadata": metadata}
        key = f"{metadata.get('namespace')}/{metadata['name']}"
        verb = "MODIFIED" if key in self.objects[name] else "ADDED"
        self.objects[name][key] = msgspec.json.encode(obj)
        for queue in self._watchers[name]:
            queue.put_nowait(_event(verb, self.objects[name][key]))

    async def answer(self, request: web.Request) -> web.StreamResponse:
        name = next(n for n, path in _PATHS.items() if request.path == path)
        if request.query.get("watch") not in ("1", "true"):
            return self._list(name, request.query)
        queue: asyncio.Queue[bytes] = asyncio.Queue()
        self._watchers[name].append(queue)
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        version, kind = _KINDS[name]
        if request.query.get("sendInitialEvents") == "true":
            await response.write(b"".join(_event("ADDED", each) for each in self.objects[name].values()))
            end = {
                "resourceVersion": str(self._revision),
                "annotations": {"k8s.io/initial-events-end": "true"},
            }
            mark = {"apiVersion": version, "kind": kind, "metadata": end}
            await response.write(_event("BOOKMARK", msgspec.json.encode(mark)))
        with contextlib.suppress(ConnectionError):
            while True:
                await response.write(await queue.get())
        return response

    def _list(self, name: str, query: Mapping[str, str]) -> web.Response:
        start = int(query.get("continue") or 0)
        end = start + int(query.get("limit") or len(self.objects[name]) or 1)
        more = {"continue": str(end)} if end < len(self.objects[name]) else {}
        version, kind = _KINDS[name]
        head = {
            "apiVersion": version,
            "kind": f"{kind}List",
            "metadata": {"resourceVersion": str(self._revision)} | more,
        }
        items = b",".join(islice(self.objects[name].values(), start, end))
        body = msgspec.json.encode(head)[:-1] + b',"items":[' + items + b"]}"
        return web.Response(body=body, content_type="application/json")


def _event(verb: str, obj: bytes) -> bytes:
    return b'{"type":"%s","object":%s}\n' % (verb.encode(), obj)


@contextlib.asynccontextmanager
async def serving(api: Api, path: Path, address: str) -> AsyncIterator[None]:
    """The API at port 8001 of an address inside of a namespace, without TLS."""
    app = web.Application()
    app.router.add_get("/{anything:.*}", api.answer)
    runner = web.AppRunner(app, handle_signals=False, shutdown_timeout=0.1)
    await runner.setup()
    with netns.entered(path):
        listener = socket.create_server((address, PORT))
    await web.SockSite(runner, listener).start()
    try:
        yield
    finally:
        await runner.cleanup()
