"""exec: another process in a running container, its streams on a client's WebSocket."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from dataclasses import dataclass
from pathlib import Path

from proa.cluster.kubelet.cri import CriError, ExecId, Tasks
from proa.cluster.kubelet.streams.channels import (
    Channel,
    Frame,
    exit_status,
    failure_status,
    terminal_size,
)
from proa.cluster.kubelet.streams.options import ExecOptions, StreamOptions
from proa.cluster.kubelet.streams.pipes import ProcessPipes
from proa.cluster.kubelet.streams.process_spec import exec_process
from proa.cluster.kubelet.streams.socket import StreamSocket

_log = logging.getLogger(__name__)

_CHUNK = 32 << 10
_PAUSE_OF_DRAINING = 0.05
_END_OF_TRANSMISSION = b"\x04"


@dataclass(frozen=True)
class Executor:
    """Runs commands. `folder` is where their pipes lie."""

    tasks: Tasks
    folder: Path

    async def run(self, container_id: str, options: ExecOptions, client: StreamSocket) -> None:
        """Run a command to its end and tell the client how it ended.

        A client that goes away takes nothing with it: the process sees the end of its stdin, and what it
        writes is thrown away.
        """
        try:
            status = exit_status(await self._run(container_id, options, client))
        except CriError as fault:
            status = failure_status(f"error executing command in container: {fault}")
        await client.finish(status)

    async def _run(self, container_id: str, options: ExecOptions, client: StreamSocket) -> int:
        which, streams = ExecId(container_id, uuid.uuid4().hex), options.streams
        process = exec_process(await self.tasks.main_process(container_id), options.command, tty=streams.tty)
        with ProcessPipes(
            self.folder, stdin=streams.stdin, stdout=streams.stdout, stderr=streams.stderr
        ) as pipes:
            await self.tasks.exec(which, process, pipes.stdio)
            try:
                return await _Session(self.tasks, which, streams, pipes, client).run()
            finally:
                with contextlib.suppress(CriError):
                    await self.tasks.delete(which)


@dataclass(frozen=True)
class _Session:
    """One process from its start to its end."""

    tasks: Tasks
    which: ExecId
    streams: StreamOptions
    pipes: ProcessPipes
    client: StreamSocket

    async def run(self) -> int:
        await self.tasks.start(self.which)
        listening = asyncio.create_task(self._listen())
        try:
            async with asyncio.TaskGroup() as group:
                if self.streams.stdout:
                    group.create_task(self._copy("stdout", Channel.STDOUT))
                if self.streams.stderr:
                    group.create_task(self._copy("stderr", Channel.STDERR))
            return await self.tasks.wait(self.which)
        finally:
            listening.cancel()
            await asyncio.wait([listening])

    async def _copy(self, name: str, channel: Channel) -> None:
        """Output to the client; when that is gone, to nowhere, so that the process is not held up.

        It then goes slowly, as one who writes without end must not cost anything.
        """
        reader = await self.pipes.reader(name)
        while data := await reader.read(_CHUNK):
            if not await self.client.send(Frame(channel, data)):
                await asyncio.sleep(_PAUSE_OF_DRAINING)

    async def _listen(self) -> None:
        """Obey the client; when it is gone, or says so, the process's stdin ends."""
        stdin = await self.pipes.writer() if self.streams.stdin else None
        async for frame in self.client.frames():
            if frame.channel == Channel.RESIZE:
                await self._resize(frame.data)
            elif stdin is not None and frame.channel == Channel.STDIN:
                await _write(stdin, frame.data)
            elif stdin is not None and frame.ends_stdin:
                await self._end(stdin)
                stdin = None
        if stdin is not None:
            await self._end(stdin)

    async def _resize(self, data: bytes) -> None:
        size = terminal_size(data)
        if size is None or not self.streams.tty:
            return
        try:
            await self.tasks.resize(self.which, *size)
        except CriError as fault:
            _log.debug("resizing the terminal of %s: %s", self.which, fault)

    async def _end(self, stdin: asyncio.StreamWriter) -> None:
        """A terminal has no end of its own: a shell waiting at its prompt is told by Ctrl-D."""
        if self.streams.tty:
            await _write(stdin, _END_OF_TRANSMISSION)
        stdin.close()
        try:
            await self.tasks.close_stdin(self.which)
        except CriError as fault:
            _log.debug("closing stdin of %s: %s", self.which, fault)


async def _write(stdin: asyncio.StreamWriter, data: bytes) -> None:
    """Hand data to the process, or to nobody when it no longer reads."""
    with contextlib.suppress(ConnectionError):
        stdin.write(data)
        await stdin.drain()
