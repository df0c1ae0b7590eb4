"""Questions that are not the cluster's go to the host's resolvers, and their answers are kept.

Each question leaves from a socket of its own, so that port and identity are both hard to guess
(RFC 5452). The same question asked by several at once is forwarded once.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import time
from collections.abc import Callable, Sequence

from proa.cluster.dns import wire
from proa.cluster.dns.cache import Cache, Stored, digest

_log = logging.getLogger(__name__)

_PATIENCE = 2.0
"""Seconds to wait for one resolver before the next is asked."""
_ROUNDS = 2
_PORT = 53


class NoAnswer(Exception):
    """No resolver answered."""


class Forwarder:
    """Asks resolvers in turn; `upstreams` is called for each question, so the file may change."""

    def __init__(
        self,
        upstreams: Callable[[], Sequence[str]],
        *,
        port: int = _PORT,
        patience: float = _PATIENCE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.cache = Cache()
        self.now = clock
        """What ages the answers that are kept."""
        self._upstreams = upstreams
        self._port = port
        self._patience = patience
        self._asked: dict[bytes, asyncio.Task[Stored]] = {}

    def cached(self, key: bytes) -> Stored | None:
        """The answer to a question in lower case, if its time is not over."""
        return self.cache.get(key, self.now())

    async def resolve(self, question: bytes) -> Stored:
        """The answer from the cache or from a resolver; NoAnswer when none gave one."""
        key = _key(question)
        if stored := self.cached(key):
            return stored
        task = self._asked.get(key)
        if task is None:
            task = asyncio.create_task(self._ask(key))
            self._asked[key] = task
            task.add_done_callback(lambda done: self._done(key, done))
        return await asyncio.shield(task)

    def _done(self, key: bytes, task: asyncio.Task[Stored]) -> None:
        del self._asked[key]
        if not task.cancelled():
            task.exception()  # whoever waits is told; nobody may wait any more

    async def _ask(self, question: bytes) -> Stored:
        servers = self._upstreams()
        refusal: Stored | None = None
        for server in [*servers] * _ROUNDS:
            with contextlib.suppress(OSError, TimeoutError, wire.Malformed):
                async with asyncio.timeout(self._patience):
                    stored = await self._ask_one(server, question)
                if stored.head[1] & 0x0F not in (wire.SERVFAIL, wire.REFUSED):
                    self.cache.put(question, stored)
                    return stored
                refusal = stored
        if refusal:
            return refusal
        raise NoAnswer("no resolver answers: " + (", ".join(servers) or "none is configured"))

    async def _ask_one(self, server: str, question: bytes) -> Stored:
        message = await self._by_datagram(server, question)
        if message[2] & 0x02:
            message = await self._by_stream(server, question)
        return digest(message, question, self.now())

    async def _by_datagram(self, server: str, question: bytes) -> bytes:
        answer = asyncio.get_running_loop().create_future()
        identity = secrets.token_bytes(2)
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: _Answer(answer, identity, question), remote_addr=(server, self._port)
        )
        try:
            transport.sendto(identity + _request(question))
            return bytes(await answer)
        finally:
            transport.close()

    async def _by_stream(self, server: str, question: bytes) -> bytes:
        reader, writer = await asyncio.open_connection(server, self._port)
        try:
            message = secrets.token_bytes(2) + _request(question)
            writer.write(len(message).to_bytes(2, "big") + message)
            size = int.from_bytes(await reader.readexactly(2), "big")
            return await reader.readexactly(size)
        except asyncio.IncompleteReadError as broken:
            raise wire.Malformed("breaks off") from broken
        finally:
            writer.close()


class _Answer(asyncio.DatagramProtocol):
    """Waits for the datagram that answers one question; anything else is not heard."""

    def __init__(self, answer: asyncio.Future[bytes], identity: bytes, question: bytes) -> None:
        self._answer = answer
        self._identity = identity
        self._question = question

    def datagram_received(self, data: bytes, _: object) -> None:
        answers_it = data[:2] == self._identity and len(data) > 12 and data[2] & 0x80
        same = _key(data[12 : 12 + len(self._question)]) == self._question
        if answers_it and same and not self._answer.done():
            self._answer.set_result(data)

    def error_received(self, fault: Exception) -> None:
        if not self._answer.done():
            self._answer.set_exception(fault)


def _key(question: bytes) -> bytes:
    return question[:-4].lower() + question[-4:]


def _request(question: bytes) -> bytes:
    head = wire.RECURSION_DESIRED.to_bytes(2, "big") + b"\x00\x01\x00\x00\x00\x00\x00\x01"
    return head + question + wire.option_record()
