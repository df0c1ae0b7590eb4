"""attach: the streams of a container's main process, from the runtime's streaming server to a client.

That server speaks v4 of the same channels, so its frames pass as they are. v4 cannot say that stdin has
ended; therefore stdin has a connection of its own, whose end says it. A container with `stdinOnce` then
sees the end of its stdin, as kubectl run's do. The connection for output asks for stdin too and sends
nothing there: the server would take one without for one whose stdin has ended already.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

import aiohttp

from proa.cluster.kubelet.cri import CriError, Runtime
from proa.cluster.kubelet.streams.channels import Channel, Frame, decode
from proa.cluster.kubelet.streams.options import StreamOptions
from proa.cluster.kubelet.streams.socket import StreamSocket, messages

_PROTOCOL = "v4.channel.k8s.io"

RuntimeSocket = aiohttp.ClientWebSocketResponse


@dataclass(frozen=True)
class Attachment:
    """Connections to the runtime's streaming server; `stdin` is there when it is asked for."""

    output: RuntimeSocket
    stdin: RuntimeSocket | None

    async def relay(self, client: StreamSocket) -> None:
        """Pass frames until the container ends or the client goes."""
        listening = asyncio.create_task(self._listen(client))
        replying = asyncio.create_task(self._reply(client))
        try:
            await asyncio.wait((listening, replying), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (listening, replying):
                task.cancel()
            await asyncio.wait((listening, replying))

    async def _reply(self, client: StreamSocket) -> None:
        async for message in messages(self.output):
            frame = decode(message)
            if frame is not None and frame.data and not await client.send(frame):
                return

    async def _listen(self, client: StreamSocket) -> None:
        """Obey the client until it goes."""
        async for frame in client.frames():
            if frame.channel == Channel.RESIZE:
                await _pass_on(frame, self.output)
            elif frame.channel == Channel.STDIN:
                await _pass_on(frame, self.stdin)
            elif frame.ends_stdin and self.stdin is not None:
                await self.stdin.close()


@contextlib.asynccontextmanager
async def attach(runtime: Runtime, container_id: str, options: StreamOptions) -> AsyncIterator[Attachment]:
    """Connect to a container. Raises CriError.

    The server's first message is an empty one that says that it is there. Output is waited for before
    stdin is opened, so that nothing is missed of what the container answers.
    """
    async with aiohttp.ClientSession() as session, contextlib.AsyncExitStack() as stack:

        async def connect(*, output: bool, error: bool) -> RuntimeSocket:
            url = await runtime.attach(container_id, output=output, error=error, tty=options.tty)
            socket = await stack.enter_async_context(session.ws_connect(url, protocols=[_PROTOCOL]))
            await socket.receive()
            return socket

        try:
            output = await connect(output=options.stdout, error=options.stderr)
            stdin = await connect(output=False, error=False) if options.stdin else None
        except aiohttp.ClientError as error:
            raise CriError("UNAVAILABLE", f"the runtime's streaming server: {error}") from error
        yield Attachment(output, stdin)


async def _pass_on(frame: Frame, socket: RuntimeSocket | None) -> None:
    if socket is not None and not socket.closed:
        with contextlib.suppress(ConnectionError):
            await socket.send_bytes(frame.encode())
