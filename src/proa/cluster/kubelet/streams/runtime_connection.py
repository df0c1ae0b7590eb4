"""A connection to the runtime's streaming server, turned to SPDY."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from yarl import URL

from proa.cluster.kubelet.cri import CriError
from proa.cluster.kubelet.streams import spdy

_ANSWER_SECONDS = 30

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@contextlib.asynccontextmanager
async def runtime_connection(url: str, protocol: str) -> AsyncIterator[Connection]:
    """A connection to a URL of the runtime's that speaks `protocol` over SPDY. Raises CriError."""
    where = URL(url)
    try:
        async with asyncio.timeout(_ANSWER_SECONDS):
            reader, writer = await asyncio.open_connection(where.host, where.port)
            writer.write(request_head(where, protocol))
            answer = await reader.readuntil(b"\r\n\r\n")
    except (OSError, asyncio.IncompleteReadError) as error:
        raise CriError("UNAVAILABLE", f"the runtime's streaming server: {error}") from error
    try:
        if b" 101 " not in answer.partition(b"\r\n")[0]:
            raise CriError("UNKNOWN", f"the runtime's streaming server: {answer.splitlines()[0].decode()}")
        yield reader, writer
    finally:
        writer.close()


async def read_frame(reader: asyncio.StreamReader) -> tuple[spdy.Head, bytes]:
    """The next frame's head and what follows it. Raises IncompleteReadError at the end of the connection."""
    head = spdy.parse_head(await reader.readexactly(spdy.HEAD_SIZE))
    return head, await reader.readexactly(head.length)


def request_head(url: URL, protocol: str) -> bytes:
    """The request that turns a connection to SPDY."""
    lines = (
        f"POST {url.raw_path_qs} HTTP/1.1",
        f"Host: {url.host}:{url.port}",
        "Connection: Upgrade",
        "Upgrade: SPDY/3.1",
        f"X-Stream-Protocol-Version: {protocol}",
        "Content-Length: 0",
    )
    return "\r\n".join([*lines, "", ""]).encode()
