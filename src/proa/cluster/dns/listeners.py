"""The sockets of a DNS server. Source: RFC 1035, 4.2; RFC 7766 (TCP)."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from typing import Any

from proa.cluster.dns import wire
from proa.cluster.dns.clients import Clients
from proa.cluster.dns.responder import Responder

_log = logging.getLogger(__name__)

_BATCH = 64
"""Datagrams to answer before others get their turn."""
_WAITING = 1000
"""Questions that may wait for resolvers at a time; more are dropped, and clients ask again."""
_IDLE = 10.0
"""Seconds that a TCP connection may be silent."""
_LONGEST = 65535
_Peer = tuple[Any, ...]


class DatagramListener:
    """One UDP socket, read without a transport in between: that is half of the time of an answer."""

    def __init__(self, responder: Responder, clients: Clients, bound: socket.socket) -> None:
        self._socket = bound
        self._responder = responder
        self._clients = clients
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()

    def start(self) -> None:
        """Answer, first what came before."""
        self._loop.add_reader(self._socket, self._readable)

    def close(self) -> None:
        self._loop.remove_reader(self._socket)
        for task in self._tasks:
            task.cancel()
        self._socket.close()

    def _readable(self) -> None:
        receive, quick, allows = self._socket.recvfrom, self._responder.quick, self._clients.allows
        for _ in range(_BATCH):
            try:
                data, peer = receive(4096)
            except OSError:  # nothing more, or an error that a client's port unreachable left behind
                return
            if allows(peer[0]):
                answer = quick(data) or self._slow(data, peer)
                if answer:
                    self._send(answer, peer)

    def _slow(self, data: bytes, peer: _Peer) -> bytes | None:
        """The answer, unless others must be asked first."""
        try:
            query = wire.parse_query(data)
        except wire.Malformed:
            return self._responder.malformed(data)
        answer = self._responder.known(query, query.size)
        if answer is None and len(self._tasks) < _WAITING:
            task = self._loop.create_task(self._ask(query, peer))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return answer

    async def _ask(self, query: wire.Query, peer: _Peer) -> None:
        self._send(await self._responder.asked(query, query.size), peer)

    def _send(self, answer: bytes, peer: _Peer) -> None:
        with contextlib.suppress(OSError):  # a full buffer loses answers as a network does
            self._socket.sendto(answer, peer)


class StreamListener:
    """One TCP socket; questions of a connection are answered one after the other."""

    def __init__(self, responder: Responder, clients: Clients, bound: socket.socket) -> None:
        self._responder = responder
        self._clients = clients
        self._socket = bound
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    async def start(self) -> None:
        """Answer, first who came before."""
        self._server = await asyncio.start_server(self._talk, sock=self._socket)

    def close(self) -> None:
        if self._server:
            self._server.close()
        self._socket.close()
        for writer in self._open:
            writer.transport.abort()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            if self._clients.allows(writer.get_extra_info("peername")[0]):
                while answer := await self._answer(await self._read(reader)):
                    writer.write(len(answer).to_bytes(2, "big") + answer)
                    await writer.drain()
        except (asyncio.IncompleteReadError, OSError, TimeoutError):
            pass  # the client went away or fell silent
        finally:
            self._open.discard(writer)
            writer.close()

    async def _read(self, reader: asyncio.StreamReader) -> bytes:
        async with asyncio.timeout(_IDLE):
            size = int.from_bytes(await reader.readexactly(2), "big")
            return await reader.readexactly(size)

    async def _answer(self, data: bytes) -> bytes | None:
        try:
            query = wire.parse_query(data)
        except wire.Malformed:
            return self._responder.malformed(data)
        return self._responder.known(query, _LONGEST) or await self._responder.asked(query, _LONGEST)
