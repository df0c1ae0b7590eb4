"""WebSocket frames as no client writes them, through the API server to a kubelet's end of a stream.

Each ends the connection or means nothing; none stalls it, is logged as a fault, or harms who comes next.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from proa.cluster.apiserver import ApiServer
from proa.cluster.kubelet.streams.channels import PROTOCOLS, Channel
from proa.cluster.kubelet.streams.routes import upgrade
from proa.cluster.kubelet.streams.socket import StreamSocket
from support.kubelet_port import serving
from support.wire import PATIENCE, administrator

PODS = "/api/v1/namespaces/default/pods"
BINARY, TEXT, CLOSE, PING, PONG = 2, 1, 8, 9, 10
FINAL = 0x80
_NO_MASK = b"\0\0\0\0"
"""A mask that changes nothing."""


def frame(
    opcode: int, data: bytes = b"", *, first: int = FINAL, mask: bool = True, length: int = -1
) -> bytes:
    """A frame; `first` are the upper bits of its first byte, `length` what it says of its data."""
    size = len(data) if length < 0 else length
    masked = 0x80 if mask else 0
    if size < 126:
        head = struct.pack("!BB", first | opcode, masked | size)
    elif size < 1 << 16:
        head = struct.pack("!BBH", first | opcode, masked | 126, size)
    else:
        head = struct.pack("!BBQ", first | opcode, masked | 127, size)
    return head + (_NO_MASK if mask else b"") + data


def stdin(data: bytes) -> bytes:
    return frame(BINARY, bytes((Channel.STDIN,)) + data)


ODD = {
    "a channel that is none": frame(BINARY, b"\x09x"),
    "another channel that is none": frame(BINARY, b"\xc8" + b"x" * 500),
    "nothing": frame(BINARY),
    "a size that is none": frame(BINARY, b"\x04{"),
    "a size of huge numbers": frame(BINARY, b'\x04{"Width":1e999,"Height":-1}'),
    "a deep size": frame(BINARY, b"\x04" + b"[" * 100_000),
    "an end of a stream that is none": frame(BINARY, b"\xff\x77"),
    "an end without a stream": frame(BINARY, b"\xff"),
    "text": frame(TEXT, b"\x00text"),
    "pongs that nobody asked for": frame(PONG, b"x") * 50,
    "many pings": frame(PING, b"x" * 125) * 3000,
    "in pieces, with pings between": (
        frame(BINARY, b"\x09a", first=0)
        + frame(PING)
        + frame(0, b"b", first=0)
        + frame(PING)
        + frame(0, b"c")
    ),
}
"""What means nothing: the stream goes on."""

BAD = {
    "an opcode that is none": frame(3, b"x"),
    "a control opcode that is none": frame(11, b"x"),
    "a reserved bit": frame(BINARY, b"\x00x", first=0xC0),
    "all reserved bits": frame(BINARY, b"\x00x", first=0xF0),
    "a ping in pieces": frame(PING, b"x", first=0),
    "a long ping": frame(PING, b"x" * 126),
    "a piece of nothing": frame(0, b"x"),
    "a message within another": frame(BINARY, b"\x00x", first=0) + frame(BINARY, b"\x00y"),
    "no text": frame(TEXT, b"\xff\xfe"),
    "a close of one byte": frame(CLOSE, b"x"),
    "a close with a code that is none": frame(CLOSE, struct.pack("!H", 999)),
    "a close with no text": frame(CLOSE, struct.pack("!H", 1000) + b"\xff"),
    "a close": frame(CLOSE, struct.pack("!H", 1000) + b"bye"),
    "a huge length": frame(BINARY, b"x" * (1 << 20), length=1 << 62),
    "a negative length": struct.pack("!BBQ", FINAL | BINARY, 0xFF, 1 << 63) + b"mask",
    "a message that is too large": frame(BINARY, b"x" * (5 << 20)),
    "a message too large in pieces": frame(BINARY, b"x" * (3 << 20), first=0) + frame(0, b"x" * (3 << 20)),
}
"""What ends the stream."""


async def kubelet(request: web.BaseRequest) -> web.StreamResponse:
    """Says again what comes on stdin."""
    socket = await upgrade(request, PROTOCOLS)  # type: ignore[arg-type]  # it asks no more of a request
    stream = StreamSocket(socket)
    async for each in stream.frames():
        if each.channel == Channel.STDIN:
            await stream.send(each)
    await socket.close()
    return socket


@pytest.fixture
async def pods(server: ApiServer, http: Any, tmp_path: Path) -> AsyncIterator[None]:
    async with serving(server, tmp_path, kubelet):
        spec = {"containers": [{"name": "c", "image": "i:1"}], "nodeName": "n1"}
        assert (await http("POST", PODS, {"metadata": {"name": "p"}, "spec": spec})).status == 201
        yield


@asynccontextmanager
async def stream(
    server: ApiServer, folder: Path
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection that has been turned into a stream of frames."""
    trust = administrator(folder)
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port, ssl=trust)
    head = [
        f"GET {PODS}/p/exec?command=cat&stdin=true HTTP/1.1",
        "Host: x",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Protocol: v5.channel.k8s.io",
    ]
    try:
        writer.write("\r\n".join([*head, "", ""]).encode())
        answer = await reader.readuntil(b"\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 101 "), answer
        yield reader, writer
    finally:
        writer.transport.abort()


async def echoed(reader: asyncio.StreamReader, data: bytes) -> bool:
    """Whether the data come back before the connection ends. Raises TimeoutError for a stall."""
    seen = b""
    with suppress(ConnectionError):
        async with asyncio.timeout(PATIENCE):
            while piece := await reader.read(1 << 16):
                seen = seen[-len(data) :] + piece
                if data in seen:
                    return True
    return False


async def goes_on(server: ApiServer, folder: Path, data: bytes) -> bool:
    """Whether a stream is still one after that."""
    async with stream(server, folder) as (reader, writer):
        writer.write(data + stdin(b"after it"))
        return await echoed(reader, b"after it")


@pytest.mark.usefixtures("pods")
async def test_what_means_nothing_is_passed_over(server: ApiServer, tmp_path: Path) -> None:
    ended = [name for name, data in ODD.items() if not await goes_on(server, tmp_path, data)]
    assert ended == []


@pytest.mark.usefixtures("pods")
async def test_what_is_no_frame_ends_the_stream(
    server: ApiServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for name, data in BAD.items():
        assert not await goes_on(server, tmp_path, data), name
        assert await goes_on(server, tmp_path, b""), name
    assert [record.message for record in caplog.records if record.levelname in ("ERROR", "CRITICAL")] == []


@pytest.mark.usefixtures("pods")
async def test_any_bytes_end_the_stream_or_mean_nothing(server: ApiServer, tmp_path: Path) -> None:
    @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(st.lists(st.binary(min_size=1, max_size=300), min_size=1, max_size=4))
    def collect(pieces: list[bytes]) -> None:
        examples.append(pieces)

    examples: list[list[bytes]] = []
    collect()
    for pieces in examples:
        async with stream(server, tmp_path) as (reader, writer):
            for piece in pieces:
                writer.write(piece)
            writer.write_eof() if writer.can_write_eof() else writer.close()
            async with asyncio.timeout(PATIENCE):
                with suppress(ConnectionError):
                    await reader.read()
    async with stream(server, tmp_path) as (reader, writer):
        writer.write(stdin(b"next"))
        assert await echoed(reader, b"next")
