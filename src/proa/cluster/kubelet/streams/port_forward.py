"""port-forward: a client's SPDY bytes, which travel in WebSocket messages, to and from the runtime.

The runtime's streaming server speaks SPDY with the client; here only bytes pass.
Source: client-go, tools/portforward (tunneling), apiserver's streamtunnel.go.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from aiohttp import web
from yarl import URL

from proa.cluster.kubelet.cri import CriError
from proa.cluster.kubelet.streams.socket import messages

PROTOCOL = "SPDY/3.1+portforward.k8s.io"

_CHUNK = 64 << 10
_ANSWER_SECONDS = 30


@dataclass(frozen=True)
class Forwarding:
    """A connection that the runtime has turned to SPDY."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def relay(self, client: web.WebSocketResponse) -> None:
        """Pass bytes until either side goes."""
        directions = (
            asyncio.create_task(self._to_runtime(client)),
            asyncio.create_task(self._to_client(client)),
        )
        try:
            await asyncio.wait(directions, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in directions:
                task.cancel()
            await asyncio.wait(directions)
        await client.close()

    async def _to_runtime(self, client: web.WebSocketResponse) -> None:
        with contextlib.suppress(ConnectionError):
            async for data in messages(client):
                self.writer.write(data)
                await self.writer.drain()

    async def _to_client(self, client: web.WebSocketResponse) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await self.reader.read(_CHUNK):
                await client.send_bytes(data)


@contextlib.asynccontextmanager
async def forwarding(url: str) -> AsyncIterator[Forwarding]:
    """Connect to where the runtime forwards ports of a sandbox. Raises CriError."""
    where = URL(url)
    try:
        async with asyncio.timeout(_ANSWER_SECONDS):
            reader, writer = await asyncio.open_connection(where.host, where.port)
            writer.write(request_head(where))
            answer = await reader.readuntil(b"\r\n\r\n")
    except (OSError, asyncio.IncompleteReadError) as error:
        raise CriError("UNAVAILABLE", f"the runtime's streaming server: {error}") from error
    try:
        if b" 101 " not in answer.partition(b"\r\n")[0]:
            raise CriError("UNKNOWN", f"the runtime's streaming server: {answer.splitlines()[0].decode()}")
        yield Forwarding(reader, writer)
    finally:
        writer.close()


def request_head(url: URL) -> bytes:
    """The request that turns a connection to SPDY."""
    lines = (
        f"POST {url.raw_path_qs} HTTP/1.1",
        f"Host: {url.host}:{url.port}",
        "Connection: Upgrade",
        "Upgrade: SPDY/3.1",
        "X-Stream-Protocol-Version: portforward.k8s.io",
        "Content-Length: 0",
    )
    return "\r\n".join([*lines, "", ""]).encode()
