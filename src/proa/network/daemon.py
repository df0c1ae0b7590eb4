"""The node's end of the CNI plugin: a unix socket that only root may open."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from proa.network import cni, metrics
from proa.network.cni import CniError, Request

_log = logging.getLogger(__name__)

_WORKERS = 4  # taking a device away waits 20 ms for the kernel; additions need not wait with it
_LONGEST = 4 << 20  # bytes of one request
_PATIENCE = 10.0  # seconds for a request to arrive

Handler = Callable[[Request], dict[str, Any]]


class Daemon:
    """Serves the plugin; `handler` runs in a worker thread and may block."""

    def __init__(self, path: Path, handler: Handler) -> None:
        self._path = path
        self._handler = handler
        self._workers = ThreadPoolExecutor(_WORKERS, thread_name_prefix="cni")
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Takes the socket over from whoever had it."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_name(f".{self._path.name}.new")
        fresh.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self._serve, fresh, limit=_LONGEST)
        fresh.chmod(0o600)
        fresh.rename(self._path)

    async def stop(self) -> None:
        """Finishes what is being worked on."""
        if self._server:
            self._server.close()
            await self._server.wait_closed()
        self._workers.shutdown()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                data = await reader.read(_LONGEST)
                while not reader.at_eof() and len(data) < _LONGEST:
                    data += await reader.read(_LONGEST)
            loop = asyncio.get_running_loop()
            writer.write(await loop.run_in_executor(self._workers, respond, data, self._handler))
            await writer.drain()
        writer.close()


def respond(data: bytes, handler: Handler) -> bytes:
    """The answer to one message of the plugin: exit status and what to print."""
    started = time.perf_counter()
    version, command, code = "1.0.0", "", 0
    try:
        request = cni.parse_request(data)
        version, command = request.version, request.command
        body = handler(request)
    except CniError as error:
        code, body = error.code, cni.error(error, version)
        _log.warning("CNI %s refused: %s", command or "request", error)
    except Exception as fault:  # noqa: BLE001 - the runtime gets an answer whatever happens
        _log.exception("CNI %s failed", command)
        code = cni.REFUSED
        body = cni.error(CniError(code, f"{type(fault).__name__}: {fault}"), version)
    metrics.CNI_SECONDS.labels(command, str(code)).observe(time.perf_counter() - started)
    return (b"1" if code else b"0") + (json.dumps(body).encode() + b"\n" if body else b"")
