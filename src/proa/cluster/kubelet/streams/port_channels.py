"""port-forward over channels of a WebSocket, as clients without SPDY ask for it (the Python one among them).

Each port has two channels, for its data and for what goes wrong; on both its number comes first.
Source: kubernetes pkg/kubelet, cri/streaming/portforward (websocket.go).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

from proa.cluster.kubelet.streams import spdy
from proa.cluster.kubelet.streams.channels import Frame
from proa.cluster.kubelet.streams.runtime_connection import Connection, read_frame
from proa.cluster.kubelet.streams.socket import StreamSocket
from proa.errors import BadRequest

PROTOCOLS = ("v4.channel.k8s.io", "v4.base64.channel.k8s.io")


def parse_ports(texts: Sequence[str]) -> list[int]:
    """The ports of a query. Raises BadRequest."""
    try:
        ports = [int(text) for value in texts for text in value.split(",")]
    except ValueError as error:
        raise BadRequest(f"unable to parse port: {error}") from None
    if not ports or not all(0 < port < 65536 for port in ports):
        raise BadRequest("query parameter port: at least one port between 1 and 65535 is required")
    return ports


class PortChannels:
    """Connections to ports of a pod, two streams each in one connection to the runtime."""

    def __init__(self, connection: Connection, ports: Sequence[int]) -> None:
        self._reader, self._writer = connection
        self._ports = ports
        streams = range(
            1, 4 * len(ports), 2
        )  # of an error and of the data, in turn, as the runtime wants them
        self._channels = {stream: 2 * (stream // 4) + (stream % 4 == 1) for stream in streams}
        self._streams = {channel: stream for stream, channel in self._channels.items()}

    async def relay(self, client: StreamSocket) -> None:
        """Pass data until all ports have ended or either side goes."""
        self._open()
        for channel, port in ((channel, self._ports[channel // 2]) for channel in sorted(self._streams)):
            await client.send(Frame(channel, port.to_bytes(2, "little")))
        sending = asyncio.create_task(self._to_pod(client))
        receiving = asyncio.create_task(self._to_client(client))
        await asyncio.wait((sending, receiving), return_when=asyncio.FIRST_COMPLETED)
        for task in (sending, receiving):
            task.cancel()
        await asyncio.wait((sending, receiving))

    def _open(self) -> None:
        opener = spdy.Opener()
        for stream, channel in self._channels.items():
            index = channel // 2
            kind = "error" if channel % 2 else "data"
            headers = {"streamType": kind, "port": str(self._ports[index]), "requestID": str(index)}
            self._writer.write(opener.syn_stream(stream, headers))

    async def _to_pod(self, client: StreamSocket) -> None:
        with contextlib.suppress(ConnectionError):
            async for frame in client.frames():
                if frame.channel in self._streams and frame.channel % 2 == 0:
                    self._writer.write(spdy.data_frame(self._streams[frame.channel], frame.data))
                    await self._writer.drain()

    async def _to_client(self, client: StreamSocket) -> None:
        unfinished = set(self._channels)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while unfinished:
                head, payload = await read_frame(self._reader)
                channel = self._channels.get(head.stream)
                if head.kind == spdy.Kind.GOAWAY:
                    break
                if head.kind == spdy.Kind.PING:
                    self._writer.write(spdy.ping_frame(payload))
                elif channel is not None and payload and not await client.send(Frame(channel, payload)):
                    break
                unfinished.discard(spdy.ended(head, payload))
