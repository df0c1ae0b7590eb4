"""Named pipes between a process of containerd and this kubelet.

containerd opens its ends when the process starts. Ours must be open before, and must not wait for
theirs; so the read end of stdin is also held here, which lets its write end open at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from proa.cluster.kubelet.cri import Stdio

_CHUNK = 64 << 10


class ProcessPipes:
    """The pipes of one process in a folder of their own; leaving the block removes them.

    Output that is not wanted goes to /dev/null, as containerd wants all or none of a process's outputs.
    """

    def __init__(self, parent: Path, *, stdin: bool, stdout: bool, stderr: bool) -> None:
        self._parent = parent
        self._wanted = {"stdin": stdin, "stdout": stdout, "stderr": stderr}
        self._cleanup = contextlib.ExitStack()
        self._read_ends: dict[str, int] = {}
        self.stdio = Stdio()

    def __enter__(self) -> Self:
        self._parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(dir=self._parent))
        self._cleanup.callback(shutil.rmtree, folder)
        paths = {name: str(folder / name) for name, wanted in self._wanted.items() if wanted}
        for name, path in paths.items():
            os.mkfifo(path, 0o600)
            self._read_ends[name] = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        self.stdio = Stdio(**({"stdout": os.devnull, "stderr": os.devnull} | paths))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for descriptor in self._read_ends.values():
            os.close(descriptor)
        self._cleanup.close()

    async def reader(self, name: str) -> asyncio.StreamReader:
        """The process's `stdout` or `stderr`, which must have been started."""
        file = os.fdopen(os.dup(self._read_ends[name]), "rb", buffering=0)
        reader = asyncio.StreamReader(_CHUNK)
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), file
        )
        self._cleanup.callback(transport.close)
        return reader

    async def writer(self) -> asyncio.StreamWriter:
        """The process's stdin; closing it lets the process see its end."""
        loop = asyncio.get_running_loop()
        file = os.fdopen(os.open(self.stdio.stdin, os.O_WRONLY | os.O_NONBLOCK), "wb", buffering=0)
        transport, protocol = await loop.connect_write_pipe(
            lambda: asyncio.StreamReaderProtocol(asyncio.StreamReader()), file
        )
        self._cleanup.callback(_drop, transport)
        return asyncio.StreamWriter(transport, protocol, None, loop)


def _drop(transport: asyncio.WriteTransport) -> None:
    """Close at once, whatever nobody has read."""
    if transport.get_write_buffer_size():
        transport.abort()
    else:
        transport.close()
