"""attach: the streams of a container's main process, from the runtime's streaming server to a client.

stdin and stdout travel in one connection: the runtime then shows the output before it passes on the first
byte of stdin, so the answer to what a client sends at once is not missed. It also takes the output away
when stdin ends, unless the container has `stdinOnce`, and it ends stdin as soon as one of the outputs ends.
So only with `stdinOnce`, as kubectl run sets it, is it told that stdin has ended; and without, stderr has a
connection of its own, or what a process says last on stdout could be lost. An attach whose client has no
more to say then ends by our own hand, once the process is silent.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass

from proa.cluster.kubelet.cri import Runtime
from proa.cluster.kubelet.streams.channels import Channel, Frame, exit_status, failure_status, status_frame
from proa.cluster.kubelet.streams.options import StreamOptions
from proa.cluster.kubelet.streams.runtime_streams import RuntimeStreams, runtime_streams
from proa.cluster.kubelet.streams.socket import StreamSocket

_SILENCE_SECONDS = 0.5
_SILENCES = 6


@dataclass(frozen=True)
class Attachment:
    """Streams of a container. `stdin_once`: the end of the client's stdin is the end of the container's."""

    connections: Sequence[RuntimeStreams]
    stdin_once: bool

    async def relay(self, client: StreamSocket) -> None:
        """Pass data until the container ends or the client goes."""
        listening = asyncio.create_task(self._listen(client))
        replying = asyncio.create_task(self._reply(client))
        try:
            await asyncio.wait((listening, replying), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (listening, replying):
                task.cancel()
            await asyncio.wait((listening, replying))

    async def _reply(self, client: StreamSocket) -> None:
        verdicts = await asyncio.gather(*(streams.pass_output(client) for streams in self.connections))
        await client.send(closing_frame(verdicts))

    async def _listen(self, client: StreamSocket) -> None:
        """Obey the client until it goes, or ends what goes on without it."""
        async for frame in client.frames():
            if frame.channel in (Channel.STDIN, Channel.RESIZE):
                await self._send(Channel(frame.channel), frame.data)
            elif frame.ends_stdin and self.stdin_once:
                await self._send(Channel.STDIN, b"", final=True)
            elif frame.ends_stdin:
                await self._until_silent()
                await client.send(status_frame(exit_status(0)))
                return

    async def _until_silent(self) -> None:
        """Wait until the container says nothing for a moment, but not for one that never stops."""
        heard = -1
        for _ in range(_SILENCES):
            before, heard = heard, sum(streams.heard for streams in self.connections)
            if before == heard:
                return
            await asyncio.sleep(_SILENCE_SECONDS)

    async def _send(self, channel: Channel, data: bytes, *, final: bool = False) -> None:
        for streams in self.connections:
            await streams.send(channel, data, final=final)


@contextlib.asynccontextmanager
async def attach(
    runtime: Runtime, container_id: str, options: StreamOptions, *, stdin_once: bool
) -> AsyncIterator[Attachment]:
    """Connect to a container. Raises CriError."""
    async with contextlib.AsyncExitStack() as stack:
        connections = []
        for part in connections_for(options, stdin_once=stdin_once):
            url = await runtime.attach(
                container_id, stdin=part.stdin, stdout=part.stdout, stderr=part.stderr, tty=part.tty
            )
            connections.append(await stack.enter_async_context(runtime_streams(url, [*channels(part)])))
        yield Attachment(connections, stdin_once)


def connections_for(options: StreamOptions, *, stdin_once: bool) -> list[StreamOptions]:
    """What each connection to the runtime carries."""
    if stdin_once or not (options.stdin and options.stdout and options.stderr):
        return [options]
    return [
        StreamOptions(stdin=False, stdout=False, stderr=True, tty=False),
        StreamOptions(stdin=True, stdout=True, stderr=False, tty=False),
    ]


def channels(options: StreamOptions) -> Iterator[Channel]:
    """The streams that the runtime waits for when it is asked with the same options."""
    yield Channel.ERROR
    wanted = {
        Channel.STDIN: options.stdin,
        Channel.STDOUT: options.stdout,
        Channel.STDERR: options.stderr,
        Channel.RESIZE: options.tty,
    }
    yield from (channel for channel, asked in wanted.items() if asked)


def closing_frame(verdicts: Sequence[bytes]) -> Frame:
    """How it ended, of what the runtime said in each connection: the first complaint, or success."""
    for verdict in verdicts:
        if not verdict:
            return status_frame(failure_status("the runtime ended the connection"))
        if json.loads(verdict).get("status") != "Success":
            break
    return Frame(Channel.ERROR, verdict)
