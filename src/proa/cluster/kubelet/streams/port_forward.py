"""port-forward: a client's SPDY bytes, which travel in WebSocket messages, to and from the runtime.

The runtime's streaming server speaks SPDY with the client; here only bytes pass.
Source: client-go, tools/portforward (tunneling), apiserver's streamtunnel.go.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass

from aiohttp import web

from proa.cluster.kubelet.streams.socket import messages

PROTOCOL = "SPDY/3.1+portforward.k8s.io"
RUNTIME_PROTOCOL = "portforward.k8s.io"

_CHUNK = 64 << 10


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
