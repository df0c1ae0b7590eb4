"""The client's end of a stream: frames over its WebSocket."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
from aiohttp import web

from proa.cluster.kubelet.streams.channels import Frame, decode, decode_text, in_words, status_frame
from proa.kube import Object


class StreamSocket:
    """A client that may go away at any time."""

    def __init__(self, socket: web.WebSocketResponse) -> None:
        self._socket = socket
        protocol = socket.ws_protocol or ""
        self._base64 = "base64" in protocol
        self._old = not protocol.startswith("v")

    async def send(self, frame: Frame) -> bool:
        """Send one frame, no faster than the client takes it; False when the client is gone."""
        said = in_words(frame) if self._old else frame
        try:
            if said is not None and self._base64:
                await self._socket.send_str(said.encode_text())
            elif said is not None:
                await self._socket.send_bytes(said.encode())
        except (ConnectionError, RuntimeError):
            return False
        return True

    async def frames(self) -> AsyncIterator[Frame]:
        """What the client sends, until it goes."""
        async for message in messages(self._socket):
            frame = decode_text(message.decode(errors="replace")) if self._base64 else decode(message)
            if frame is not None:
                yield frame

    async def finish(self, status: Object) -> None:
        """Tell how it ended, and close."""
        if await self.send(status_frame(status)):
            await self._socket.close()


async def messages(socket: web.WebSocketResponse | aiohttp.ClientWebSocketResponse) -> AsyncIterator[bytes]:
    """Binary messages, and text as binary, which old clients send; ends with the connection."""
    async for message in socket:
        if message.type == aiohttp.WSMsgType.BINARY:
            yield message.data
        elif message.type == aiohttp.WSMsgType.TEXT:
            yield message.data.encode()
        else:
            return
