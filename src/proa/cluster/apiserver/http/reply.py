"""A whole answer, written to the connection in one piece.

aiohttp's own Response builds header maps for each answer; most of ours are stored bytes under the
same few headers, and skipping that work makes small reads several times cheaper.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from email.utils import formatdate
from functools import lru_cache
from http.client import responses

from aiohttp import hdrs, web
from aiohttp.http import HttpVersion11

from proa.cluster.apiserver.codec import encode_json
from proa.cluster.apiserver.http.negotiation import JSON
from proa.errors import ApiError, TooManyRequests

AUDIT_ID = web.RequestKey("audit_id", str)
_DRAIN_ABOVE = 64 << 10


@lru_cache(256)
def _opening(status: int, content_type: str) -> bytes:
    reason = responses.get(status, "")  # a webhook may choose any code
    return (
        f"HTTP/1.1 {status} {reason}\r\nContent-Type: {content_type}\r\nCache-Control: no-cache, private\r\n"
    ).encode()


@lru_cache(1)
def _date(second: int) -> bytes:
    return f"Date: {formatdate(second, usegmt=True)}\r\n".encode()


class Reply(web.StreamResponse):
    """Status, body and a few headers. It never goes through aiohttp's header machinery."""

    def __init__(
        self,
        body: bytes,
        status: int = 200,
        content_type: str = JSON,
        headers: Iterable[tuple[str, str]] = (),
    ) -> None:
        # The parent's constructor only prepares what `prepare` below replaces.
        self.body = body
        self._code = status
        self._content_type = content_type
        self._more = headers
        self._keep = True

    @property
    def status(self) -> int:
        return self._code

    def add_headers(self, headers: Iterable[tuple[str, str]]) -> None:
        """More headers, as long as nothing was sent."""
        self._more = (*self._more, *headers)

    @property
    def keep_alive(self) -> bool | None:
        return self._keep

    async def prepare(self, request: web.BaseRequest) -> None:
        transport = request.transport
        if transport is None:
            raise ConnectionResetError("the client is gone")
        self._keep = request.keep_alive
        head = self._head(request)
        transport.write(head if request.method == hdrs.METH_HEAD else head + self.body)
        if len(self.body) > _DRAIN_ABOVE:
            await request.writer.drain()

    def _head(self, request: web.BaseRequest) -> bytes:
        return b"".join([*self._lines(request), b"Content-Length: %d\r\n\r\n" % len(self.body)])

    def _lines(self, request: web.BaseRequest) -> list[bytes]:
        lines = [_opening(self._code, self._content_type), _date(int(time.time()))]
        lines += [f"{name}: {value}\r\n".encode() for name, value in self._more]
        if not self._keep:
            lines.append(b"Connection: close\r\n")
        elif request.version < HttpVersion11:
            lines.append(b"Connection: keep-alive\r\n")
        return lines

    async def write_eof(self, data: bytes = b"") -> None:
        """Nothing is left to write."""


class PiecewiseReply(Reply):
    """An answer of known size whose body is written in pieces, as fast as the client reads."""

    def __init__(self, size: int, pieces: Iterable[bytes]) -> None:
        super().__init__(b"")
        self._size = size
        self._pieces = pieces

    async def prepare(self, request: web.BaseRequest) -> None:
        self._keep = request.keep_alive
        self._write(request, b"".join([*self._lines(request), b"Content-Length: %d\r\n\r\n" % self._size]))
        if request.method != hdrs.METH_HEAD:
            for piece in self._pieces:
                self._write(request, piece)
                await request.writer.drain()

    @staticmethod
    def _write(request: web.BaseRequest, data: bytes) -> None:
        transport = request.transport
        if transport is None or transport.is_closing():
            raise ConnectionResetError("the client is gone")
        transport.write(data)


def chunk(piece: bytes) -> bytes:
    """A piece of an answer as a chunk of HTTP/1.1."""
    return b"%x\r\n%b\r\n" % (len(piece), piece)


class ChunkedReply(Reply):
    """An answer in pieces, as they come. Each is one write to the connection."""

    def __init__(self) -> None:
        super().__init__(b"")
        self._request: web.BaseRequest | None = None

    async def prepare(self, request: web.BaseRequest) -> None:
        """Send the head; the second call, by aiohttp, does nothing."""
        if self._request is None:
            self._request = request
            self._keep = request.keep_alive
            self.add_headers(audit_headers(request))
            self._write(b"".join([*self._lines(request), b"Transfer-Encoding: chunked\r\n\r\n"]))

    async def send(self, piece: bytes) -> None:
        """Send a piece; waits while the client reads more slowly than this writes."""
        if piece:
            self._write(chunk(piece))
        if self._request is not None:
            await self._request.writer.drain()

    def push(self, chunks: bytes) -> bool:
        """Send whole chunks at once; False when the client is behind, or gone."""
        protocol = self._request.protocol if self._request is not None else None
        transport = protocol.transport if protocol is not None else None
        if protocol is None or transport is None or protocol.writing_paused or transport.is_closing():
            return False
        transport.write(chunks)
        return True

    async def write_eof(self, data: bytes = b"") -> None:
        """Send the last piece, and say that it was."""
        await self.send(data)
        self._write(b"0\r\n\r\n")

    def _write(self, data: bytes) -> None:
        transport = self._request.transport if self._request is not None else None
        if transport is None:
            raise ConnectionResetError("the client is gone")
        transport.write(data)


class Disconnected(Reply):
    """No answer, as the client is gone."""

    async def prepare(self, request: web.BaseRequest) -> None:
        raise ConnectionResetError(f"the client of {request.raw_path} is gone")


def json_reply(value: object, status: int = 200, headers: Iterable[tuple[str, str]] = ()) -> Reply:
    """An object as JSON."""
    return Reply(encode_json(value), status, JSON, headers)


def text_reply(text: str, status: int = 200) -> Reply:
    """Plain text."""
    return Reply(text.encode(), status, "text/plain; charset=utf-8", [("X-Content-Type-Options", "nosniff")])


def error_reply(error: ApiError) -> Reply:
    """The Status of an error, and what was warned of before it."""
    seconds = error.details.get(
        "retryAfterSeconds", 1 if isinstance(error, TooManyRequests) and not error.details else None
    )
    headers = [("Retry-After", str(seconds))] if seconds is not None else []
    return json_reply(error.status(), error.code, [*headers, *warnings(error.warnings)])


def audit_headers(request: web.BaseRequest) -> list[tuple[str, str]]:
    """By what the audit log knows the request; for answers that begin before they are complete."""
    audit_id = request.get(AUDIT_ID)
    return [("Audit-Id", audit_id)] if audit_id else []


def warnings(texts: Iterable[str]) -> list[tuple[str, str]]:
    """Warning headers (RFC 7234, code 299), as kubectl prints them."""
    escaped = (text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ") for text in texts)
    return [("Warning", f'299 - "{text}"') for text in escaped]
