"""Keeps container logs small, and looks more often at those that grow fast."""

from __future__ import annotations

import asyncio
import logging
import time
from pathlib import Path

from proa.cluster.kubelet.cri import ContainerState, CriError, Runtime
from proa.cluster.kubelet.logs.files import LogLimits, move_aside, next_look, sizes, tidy

_log = logging.getLogger(__name__)


async def rotate_logs(runtime: Runtime, logs: Path, limits: LogLimits) -> None:
    """Rotate the logs of running containers, again and again until cancelled."""
    if limits.size >= 0:
        await LogRotation(runtime, logs, limits).run()


class LogRotation:
    """One loop for a node. Compression goes on beside it, for one log after the other."""

    def __init__(self, runtime: Runtime, logs: Path, limits: LogLimits) -> None:
        self._runtime = runtime
        self._logs = logs
        self._limits = limits
        self._ended: set[str] = set()
        """Large logs of containers that run no more: they grow no more either."""
        self._untidy: dict[Path, None] = {}
        self._tidier: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Look until cancelled."""
        before, looked = await asyncio.to_thread(sizes, self._logs), time.monotonic()
        largest = self._limits.size
        pause = next_look({}, {}, 0.0, largest)
        try:
            while True:
                await asyncio.sleep(pause)
                now, passed = await asyncio.to_thread(sizes, self._logs), time.monotonic() - looked
                pause = next_look(now, before, passed, largest)
                before, looked = now, looked + passed
                self._ended &= now.keys()
                await self._rotate({path for path, size in now.items() if size > largest} - self._ended)
        finally:
            if self._tidier is not None:
                self._tidier.cancel()

    async def _rotate(self, large: set[str]) -> None:
        if not large:
            return
        try:
            moved = await self._moved(large)
            self._ended |= large - moved
            self._untidy |= dict.fromkeys(map(Path, moved))
        except (CriError, OSError) as fault:
            _log.warning("logs not rotated: %s", fault)
        if self._untidy and (self._tidier is None or self._tidier.done()):
            self._tidier = asyncio.create_task(self._tidy())

    async def _moved(self, large: set[str]) -> set[str]:
        moved = set()
        for container in await self._runtime.list_containers():
            if container.state is ContainerState.RUNNING:
                path = (await self._runtime.container_status(container)).log_path
                if path in large:
                    await asyncio.to_thread(move_aside, Path(path), self._limits.files)
                    await self._runtime.reopen_container_log(container.id)
                    moved.add(path)
        return moved

    async def _tidy(self) -> None:
        while self._untidy:
            path = next(iter(self._untidy))
            del self._untidy[path]
            try:
                await asyncio.to_thread(tidy, path, self._limits)
            except OSError as fault:
                _log.warning("log %s not compressed: %s", path, fault)
