"""Connections that remember whose certificate they were opened with, and end streams with themselves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import RawRequestMessage
from aiohttp.streams import StreamReader
from aiohttp.web_protocol import RequestHandler

from proa.cluster.apiserver.authentication import certificate_user
from proa.cluster.apiserver.front_proxy import FrontProxies, user_of_headers
from proa.cluster.apiserver.http.body import LIMIT
from proa.cluster.apiserver.http.reply import error_reply
from proa.cluster.apiserver.identity import User
from proa.errors import BadRequest

HEADER_SECONDS = 32.0
"""How long a connection may take to send the head of a request, as kube-apiserver has it."""
LONGEST_LINE = 1 << 20
"""Bytes of a request's first line, in which commands of exec stand; Go's servers take as much."""
MAXIMUM_CONNECTIONS = 8192
"""More are closed at once."""


class Connection(RequestHandler):
    """One TLS connection; `user` is None without a client certificate.

    On a front proxy's connection each request names its user, and the certificate is nobody's.
    """

    __slots__ = ("_patience", "from_proxy", "stream", "user")

    def __init__(self, manager: ConnectionServer, **options: Any) -> None:
        super().__init__(manager, **options)
        self.user: User | None = None
        self.from_proxy = False
        self._patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        certificate = transport.get_extra_info("peercert")
        server = cast("ConnectionServer", self._manager)
        self.from_proxy = server.front_proxies.signed(certificate)
        self.user = None if self.from_proxy else certificate_user(certificate, _der(transport))
        self.stream: asyncio.Task[None] | None = None
        super().connection_made(transport)
        if len(server.connections) > MAXIMUM_CONNECTIONS:
            cast("asyncio.Transport", transport).abort()
            return
        self._await_head()

    def _await_head(self) -> None:
        self._patience = asyncio.get_running_loop().call_later(HEADER_SECONDS, self.force_close)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._patience is None and not self._messages and not self._request_in_progress:
            self._await_head()  # the beginning of another request, and not yet its head

    def begin_request(self) -> None:
        """The head of a request came whole: the connection is no longer one that only holds a place."""
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def connection_lost(self, exc: BaseException | None) -> None:
        self.begin_request()
        self.end_stream()
        super().connection_lost(exc)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The answer to what is no HTTP: a Status, and the end of the connection."""
        if status == BadRequest.code:
            return error_reply(BadRequest(f"malformed request: {' '.join((message or '').split())[:200]}"))
        return super().handle_error(request, status, exc, message)

    def log_exception(self, *args: Any, **kw: Any) -> None:
        """Nothing is logged of a body that breaks off or cannot be decompressed: it is the client's fault."""
        if not isinstance(kw.get("exc_info"), web.RequestPayloadError):
            super().log_exception(*args, **kw)

    def end_stream(self) -> None:
        """Stop sending, if an endless answer is under way."""
        if self.stream is not None:
            self.stream.cancel()


def _der(transport: asyncio.BaseTransport) -> bytes | None:
    tls = transport.get_extra_info("ssl_object")
    return tls.getpeercert(binary_form=True) if tls is not None else None


class ConnectionServer(web.Server):
    """Makes connections of our own kind."""

    def __init__(self, handler: Callable[..., Any], front_proxies: FrontProxies, **options: Any) -> None:
        super().__init__(handler, **options)
        self.front_proxies = front_proxies

    def __call__(self) -> RequestHandler:
        return Connection(self, loop=self._loop, **self._kwargs)

    def end_streams(self) -> None:
        """Stop all endless answers, so that a shutdown need not wait for them."""
        for connection in self.connections:
            cast("Connection", connection).end_stream()


def make_request(
    message: RawRequestMessage,
    payload: StreamReader,
    protocol: RequestHandler,
    writer: AbstractStreamWriter,
    task: asyncio.Task[None],
) -> web.BaseRequest:
    """A request whose body may have the size that Kubernetes allows."""
    loop = asyncio.get_running_loop()
    cast("Connection", protocol).begin_request()
    return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=LIMIT)


def user_of(request: web.BaseRequest) -> User | None:
    """The user of the connection's certificate, or whom a front proxy names."""
    connection = cast("Connection", request.protocol)
    return user_of_headers(request.headers) if connection.from_proxy else connection.user


@contextmanager
def streaming(request: web.BaseRequest) -> Iterator[None]:
    """While inside, the current task ends when the client goes, not only when it next writes."""
    connection = cast("Connection", request.protocol)
    connection.stream = asyncio.current_task()
    try:
        yield
    finally:
        connection.stream = None
