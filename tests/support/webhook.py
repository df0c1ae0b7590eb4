"""A real HTTPS server in the test's loop that answers admission reviews."""

from __future__ import annotations

import base64
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from proa.cluster.keypair import KeyPair
from proa.cluster.pki import Authority, Leaf

Review = dict[str, Any]
Answer = Callable[[Review], Awaitable[Any]]
"""From a review's request to the response, or to a web.Response."""


@dataclass
class WebhookServer:
    """Where it is, how to trust it, and what it was asked."""

    port: int
    bundle: str
    """The caBundle of a clientConfig."""
    asked: list[Review] = field(default_factory=list)
    connections: set[Any] = field(default_factory=set)

    def client(self, path: str = "/") -> dict[str, Any]:
        """The clientConfig by URL."""
        return {"url": f"https://127.0.0.1:{self.port}{path}", "caBundle": self.bundle}


async def allow(_review: Review) -> dict[str, Any]:
    """Says yes to everything."""
    return {"allowed": True}


def patch(*operations: dict[str, Any]) -> dict[str, Any]:
    """A response that changes the object."""
    text = base64.b64encode(json.dumps(operations).encode()).decode()
    return {"allowed": True, "patchType": "JSONPatch", "patch": text}


@asynccontextmanager
async def webhook_server(folder: Path, answer: Answer = allow) -> AsyncIterator[WebhookServer]:
    """A server on the loopback whose certificate is also that of the Service `hook` in `hooks`."""
    folder.mkdir(exist_ok=True)  # noqa: ASYNC240 - a test's own folder, at once
    authority = Authority.open(folder)
    pair = KeyPair(folder / "hook.crt", folder / "hook.key")
    authority.issue(Leaf("hook", names=("127.0.0.1", "hook.hooks.svc")), pair)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pair.certificate, pair.key)
    bundle = base64.b64encode(authority.files.certificate.read_bytes()).decode()
    server = WebhookServer(0, bundle)

    async def serve(request: web.BaseRequest) -> web.StreamResponse:
        review = json.loads(await request.read())
        server.asked.append(review["request"] | {"path": request.path_qs, "version": review["apiVersion"]})
        server.connections.add(request.protocol)
        response = await answer(review["request"])
        if isinstance(response, web.StreamResponse):
            return response
        response = {"uid": review["request"]["uid"], **response}
        return web.json_response({**review, "request": None, "response": response})

    runner = web.ServerRunner(web.Server(serve), shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    server.port = runner.addresses[0][1]
    try:
        yield server
    finally:
        await runner.cleanup()
