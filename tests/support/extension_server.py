"""A small aggregated API server: group wardrobe.example.com, version v1, kind Hat."""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from proa.cluster.apiserver import ApiServer
from proa.cluster.keypair import KeyPair
from proa.cluster.pki import Authority, Leaf
from proa.kube import ENDPOINT_SLICES, SERVICES, Object, Resource

GROUP, VERSION = "wardrobe.example.com", "v1"
NAME = f"{VERSION}.{GROUP}"
PATH = f"/apis/{GROUP}/{VERSION}"
HATS = f"{PATH}/namespaces/default/hats"
API_SERVICES = Resource("apiregistration.k8s.io", "v1", "apiservices", "APIService", namespaced=False)
_VERBS = ["create", "delete", "get", "list", "patch", "update", "watch"]
RESOURCES = {
    "kind": "APIResourceList",
    "apiVersion": "v1",
    "groupVersion": f"{GROUP}/{VERSION}",
    "resources": [
        {
            "name": "hats",
            "singularName": "hat",
            "namespaced": True,
            "kind": "Hat",
            "verbs": _VERBS,
            "shortNames": ["ht"],
        },
        {"name": "hats/wear", "singularName": "", "namespaced": True, "kind": "Hat", "verbs": ["get"]},
    ],
}


@dataclass
class ExtensionServer:
    """Remembers what it was asked; `broken` makes it answer 500 to everything."""

    port: int = 0
    authority: bytes = b""
    broken: bool = False
    hats: set[str] = field(default_factory=set)
    """Names of the hats in each namespace that is asked about."""
    asked: list[web.BaseRequest] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    more: asyncio.Event = field(default_factory=asyncio.Event)
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    runner: web.ServerRunner | None = None

    async def stop(self) -> None:
        """Answer no more, and let go of the port."""
        assert self.runner is not None
        await self.runner.cleanup()

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        if self.broken:
            return web.Response(status=500, text="broken")
        if request.path == PATH:
            return web.json_response(RESOURCES)
        if request.path == "/openapi/v3":
            where = f"/openapi/v3{PATH}?hash=1"
            return web.json_response({"paths": {PATH[1:]: {"serverRelativeURL": where}}})
        if request.path == f"/openapi/v3{PATH}":
            return web.json_response({"openapi": "3.0.0", "info": {"title": "hats"}, "paths": {}})
        self.asked.append(request)
        self.bodies.append(await request.read())
        if request.path.endswith("/wear"):
            return await _echo(request)
        if "watch" in request.query:
            return await self._watch(request)
        return self._objects(request)

    def _objects(self, request: web.BaseRequest) -> web.Response:
        if request.method == "POST":
            return web.json_response({"kind": "Hat", "metadata": {"name": "new"}}, status=201)
        if request.method == "DELETE":
            self.hats.discard(request.path.rpartition("/")[2])
            return web.json_response({"kind": "Status", "status": "Success"})
        items = [{"metadata": {"name": name}} for name in sorted(self.hats)]
        return web.json_response({"kind": "HatList", "apiVersion": f"{GROUP}/{VERSION}", "items": items})

    async def _watch(self, request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        await response.write(b'{"type":"ADDED"}\n')
        try:
            await self.more.wait()
            await response.write(b'{"type":"MODIFIED"}\n')
        finally:
            self.gone.set()
        return response


async def _echo(request: web.BaseRequest) -> web.StreamResponse:
    socket = web.WebSocketResponse(protocols=["v5.channel.k8s.io"])
    await socket.prepare(request)
    async for message in socket:
        if message.data == b"bye":
            break
        await socket.send_bytes(message.data)
    await socket.close()
    return socket


@asynccontextmanager
async def extension_server(folder: Path) -> AsyncIterator[ExtensionServer]:
    """One that believes the request-header authority in `folder`, with a certificate of its own authority."""
    authority = Authority.open(folder, "extension-ca")
    pair = KeyPair.at(folder, "extension")
    authority.issue(Leaf("hats", names=("hats.default.svc",)), pair)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(folder / "front-proxy-ca.crt"))
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(pair.certificate, pair.key)
    extension = ExtensionServer(authority=authority.files.certificate.read_bytes())
    server = web.Server(extension.answer, handler_cancellation=True)
    runner = extension.runner = web.ServerRunner(server, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
        extension.port = runner.addresses[0][1]
        yield extension
    finally:
        await runner.cleanup()


async def register(server: ApiServer, extension: ExtensionServer, **spec: Any) -> None:
    """Make the Service, its slice and the APIService."""
    await register_service(server, extension)
    await server.client().create(API_SERVICES, api_service(extension, **spec))


async def register_service(server: ApiServer, extension: ExtensionServer) -> None:
    """Make the Service and its slice."""
    client = server.client()
    port = {"port": 443, "targetPort": extension.port}
    await client.create(SERVICES, {"metadata": {"name": "hats"}, "spec": {"ports": [port]}}, "default")
    slice_ = {
        "metadata": {"name": "hats-1", "labels": {"kubernetes.io/service-name": "hats"}},
        "addressType": "IPv4",
        "ports": [{"name": "", "port": extension.port}],
        "endpoints": [{"addresses": ["127.0.0.1"], "conditions": {"ready": True}}],
    }
    await client.create(ENDPOINT_SLICES, slice_, "default")


def api_service(extension: ExtensionServer, **spec: Any) -> Object:
    """The APIService; more fields of its spec may be given."""
    return {
        "metadata": {"name": NAME},
        "spec": {
            "group": GROUP,
            "version": VERSION,
            "groupPriorityMinimum": 2000,
            "versionPriority": 10,
            "service": {"namespace": "default", "name": "hats"},
            "caBundle": base64.b64encode(extension.authority).decode(),
        }
        | spec,
    }
