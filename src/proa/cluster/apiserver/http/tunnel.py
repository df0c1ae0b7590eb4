"""A client's upgraded connection joined to one of another server's, byte by byte.

That server is a kubelet or an aggregated API server. What passes is its and the client's own affair: no
WebSocket frame is looked at, so pings and the closing handshake go from end to end. Each side is read no
faster than the other takes it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import suppress

from aiohttp import hdrs, web

from proa.cluster.apiserver.http.connection import streaming
from proa.cluster.apiserver.http.reply import Reply, audit_headers
from proa.errors import ApiError, InternalError, ServiceUnavailable

_CHUNK = 64 << 10
_ANSWER_SECONDS = 30
_LONGEST_COMPLAINT = 64 << 10
_PASSED_ON = (
    hdrs.UPGRADE,
    hdrs.SEC_WEBSOCKET_KEY,
    hdrs.SEC_WEBSOCKET_VERSION,
    hdrs.SEC_WEBSOCKET_PROTOCOL,
    hdrs.SEC_WEBSOCKET_EXTENSIONS,
)


class Tunnel:
    """The connection to the other server, until it is closed."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: str = "the kubelet"
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._server = server

    async def serve(self, request: web.BaseRequest, head: bytes) -> web.StreamResponse:
        """Pass the upgrade on and, once it is made, all bytes. Raises ApiError with what the server says.

        `head` is the request that the server gets.
        """
        try:
            answer = await self._ask(head)
        except (OSError, asyncio.IncompleteReadError, TimeoutError) as error:
            raise ServiceUnavailable(f"{self._server} ended the connection: {error}") from error
        with streaming(request):
            await self._join(request, answer)
        return Upgraded(b"")

    async def _ask(self, head: bytes) -> bytes:
        """Send the request; the head of the answer."""
        self._writer.write(head)
        async with asyncio.timeout(_ANSWER_SECONDS):
            answer = await self._reader.readuntil(b"\r\n\r\n")
            code = status_code(answer)
            if code != 101:
                raise refusal(code, await self._reader.read(_LONGEST_COMPLAINT))
        return answer

    async def _join(self, request: web.BaseRequest, answer: bytes) -> None:
        if request.transport is None:
            raise ConnectionResetError("the client is gone")
        incoming = asyncio.StreamReader(_CHUNK)
        incoming.set_transport(request.transport)
        request.transport.write(_with_headers(answer, audit_headers(request)))
        request.protocol.set_parser(_Feed(incoming))  # type: ignore[arg-type]  # bytes instead of frames
        directions = {
            asyncio.create_task(self._to_server(incoming)),
            asyncio.create_task(self._to_client(request)),
        }
        try:
            await asyncio.wait(directions, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for direction in directions:
                direction.cancel()
            await asyncio.gather(*directions, return_exceptions=True)

    async def _to_server(self, incoming: asyncio.StreamReader) -> None:
        with suppress(ConnectionError):
            while data := await incoming.read(_CHUNK):
                self._writer.write(data)
                await self._writer.drain()

    async def _to_client(self, request: web.BaseRequest) -> None:
        with suppress(ConnectionError):
            while (data := await self._reader.read(_CHUNK)) and request.transport is not None:
                request.transport.write(data)
                await request.writer.drain()


class _Feed:
    """Stands where aiohttp's parser of frames would, and keeps bytes as they are."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        self._reader.feed_data(data)
        return False, b""

    def feed_eof(self) -> None:
        self._reader.feed_eof()


class Upgraded(Reply):
    """The answer to a request that has been answered already, by bytes on its connection."""

    async def prepare(self, request: web.BaseRequest) -> None:  # noqa: ARG002 - nothing is left to send
        self._keep = False


def request_head(path: str, headers: Mapping[str, str]) -> bytes:
    """What a kubelet is sent of a client's request: the upgrade, and nothing about who asks."""
    lines = [f"GET {path} HTTP/1.1", "Host: kubelet"]
    lines += [f"{name}: {headers[name]}" for name in _PASSED_ON if name in headers]
    lines.append(f"Connection: {'Upgrade' if hdrs.UPGRADE in headers else 'close'}")
    return "\r\n".join([*lines, "", ""]).encode()


def _with_headers(head: bytes, headers: Iterable[tuple[str, str]]) -> bytes:
    """The head of an answer with more headers."""
    first, _, rest = head.partition(b"\r\n")
    return b"\r\n".join([first, *(f"{name}: {value}".encode() for name, value in headers), rest])


def status_code(head: bytes) -> int:
    """The code of an HTTP answer; 500 when it is none."""
    parts = head.split(b" ", 2)
    return int(parts[1]) if len(parts) > 1 and parts[1].isdigit() else InternalError.code


def refusal(code: int, complaint: bytes) -> ApiError:
    """The error for what a server answers instead of an upgrade."""
    return ApiError.from_status({"code": code, "message": complaint.decode(errors="replace").strip()})
