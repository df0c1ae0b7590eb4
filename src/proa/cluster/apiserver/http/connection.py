"""Connections that remember whose certificate they were opened with."""

from __future__ import annotations

import asyncio
from typing import cast

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import RawRequestMessage
from aiohttp.streams import StreamReader
from aiohttp.web_protocol import RequestHandler

from proa.cluster.apiserver.authentication import certificate_user
from proa.cluster.apiserver.http.body import LIMIT
from proa.cluster.apiserver.identity import User


class Connection(RequestHandler):
    """One TLS connection; `user` is None without a client certificate."""

    __slots__ = ("user",)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.user: User | None = certificate_user(transport.get_extra_info("peercert"))
        super().connection_made(transport)


class ConnectionServer(web.Server):
    """Makes connections of our own kind."""

    def __call__(self) -> RequestHandler:
        return Connection(self, loop=self._loop, **self._kwargs)


def make_request(
    message: RawRequestMessage,
    payload: StreamReader,
    protocol: RequestHandler,
    writer: AbstractStreamWriter,
    task: asyncio.Task[None],
) -> web.BaseRequest:
    """A request whose body may have the size that Kubernetes allows."""
    loop = asyncio.get_running_loop()
    return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=LIMIT)


def user_of(request: web.BaseRequest) -> User | None:
    """The user of the connection's certificate."""
    return cast("Connection", request.protocol).user
