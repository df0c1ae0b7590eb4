"""Streams of one container in one connection to the runtime's streaming server."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence

from proa.cluster.kubelet.cri import CriError
from proa.cluster.kubelet.streams import spdy
from proa.cluster.kubelet.streams.channels import Channel, Frame
from proa.cluster.kubelet.streams.runtime_connection import Connection, read_frame, runtime_connection
from proa.cluster.kubelet.streams.socket import StreamSocket

_PROTOCOL = "v4.channel.k8s.io"
_OUTPUT = frozenset({Channel.STDOUT, Channel.STDERR, Channel.ERROR})
_ANSWER_SECONDS = 30


class RuntimeStreams:
    """Open streams, one a channel; the runtime's word on how it ended comes on ERROR."""

    def __init__(self, connection: Connection, channels: Sequence[Channel]) -> None:
        self._reader, self._writer = connection
        self._channels = {2 * index + 1: channel for index, channel in enumerate(channels)}
        self._numbers = {channel: number for number, channel in self._channels.items()}
        self.heard = 0
        """How many frames came."""

    async def open(self) -> None:
        """Open the streams; returns when the runtime has them all. Raises CriError."""
        opener = spdy.Opener()
        for number, channel in self._channels.items():
            self._writer.write(opener.syn_stream(number, {"streamType": channel.name.lower()}))
        missing = set(self._channels)
        while missing:
            head, payload = await read_frame(self._reader)
            if head.kind != spdy.Kind.SYN_REPLY:
                raise CriError("UNKNOWN", f"the runtime's streaming server: frame {head.kind}, not a reply")
            missing.discard(spdy.stream_of(payload))

    async def pass_output(self, client: StreamSocket) -> bytes:
        """Output to the client until all of it has ended or the client goes; what came on ERROR."""
        unfinished = {number for number, channel in self._channels.items() if channel in _OUTPUT}
        verdict = b""
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while unfinished:
                head, payload = await read_frame(self._reader)
                self.heard += 1
                channel = self._channels.get(head.stream)
                if head.kind == spdy.Kind.GOAWAY:
                    break
                if head.kind == spdy.Kind.PING:
                    self._writer.write(spdy.ping_frame(payload))
                elif channel is Channel.ERROR:
                    verdict += payload
                elif channel and payload and not await client.send(Frame(channel, payload)):
                    break
                unfinished.discard(spdy.ended(head, payload))
        return verdict

    async def send(self, channel: Channel, data: bytes, *, final: bool = False) -> None:
        """Data for the container; nothing happens when this channel is not among the streams."""
        if channel in self._numbers:
            with contextlib.suppress(ConnectionError):
                self._writer.write(spdy.data_frame(self._numbers[channel], data, final=final))
                await self._writer.drain()


@contextlib.asynccontextmanager
async def runtime_streams(url: str, channels: Sequence[Channel]) -> AsyncIterator[RuntimeStreams]:
    """Streams at a URL that the runtime gave for exactly these channels. Raises CriError."""
    async with runtime_connection(url, _PROTOCOL) as connection:
        streams = RuntimeStreams(connection, channels)
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                await streams.open()
        except (OSError, asyncio.IncompleteReadError) as error:
            raise CriError("UNAVAILABLE", f"the runtime's streaming server: {error}") from error
        yield streams
