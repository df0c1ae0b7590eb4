"""An API server in a process of its own, on a free port of the loopback, with its state in a folder.

Run as a program (`python -m support.api_process FOLDER`) it is that process, and prints its port. As in
`proa server`, garbage is collected rarely.
"""

from __future__ import annotations

import asyncio
import os
import ssl
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import uvloop

from proa.cli.parts.running import collect_rarely
from support.server import api_server
from support.wire import administrator

_TESTS = Path(__file__).parents[1]


@dataclass(frozen=True)
class ApiProcess:
    """A server that answers."""

    port: int
    folder: Path
    process: asyncio.subprocess.Process

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def trust(self) -> ssl.SSLContext:
        """TLS as an administrator."""
        return administrator(self.folder)

    async def kill(self) -> None:
        """End it as a power cut would end the program."""
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()


@asynccontextmanager
async def api_process(folder: Path) -> AsyncIterator[ApiProcess]:
    """A server until the block ends; it is killed, as it must bear that."""
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(_TESTS), os.environ.get("PYTHONPATH", "")]),
    }
    command = [sys.executable, "-m", "support.api_process", str(folder)]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, env=environment)
    try:
        assert process.stdout is not None
        port = await process.stdout.readline()
        assert port, "the server ended before it served; see above"
        yield ApiProcess(int(port), folder, process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _serve(folder: Path) -> None:
    async with api_server(folder) as server:
        print(server.port, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    collect_rarely()
    uvloop.run(_serve(Path(sys.argv[1])))
