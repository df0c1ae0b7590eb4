"""Keeps container logs small: 10 MiB each, five files (source: kubelet's containerLogMaxSize, -MaxFiles)."""

from __future__ import annotations

import asyncio
import gzip
import logging
import shutil
import time
from pathlib import Path

from proa.cluster.kubelet.cri import ContainerState, CriError, Runtime

_log = logging.getLogger(__name__)

_LARGEST = 10 * 1024 * 1024
_MOST_FILES = 5
_PERIOD = 10.0


async def rotate_logs(runtime: Runtime, logs: Path) -> None:
    """Rotate the logs of running containers, again and again until cancelled."""
    while True:
        await asyncio.sleep(_PERIOD)
        large = await asyncio.to_thread(large_logs, logs)
        if large:
            try:
                await _rotate(runtime, large)
            except (CriError, OSError) as fault:
                _log.warning("logs not rotated: %s", fault)


def large_logs(logs: Path) -> set[Path]:
    """Log files that have outgrown their size."""
    return {path for path in logs.glob("*/*/*.log") if path.stat().st_size > _LARGEST}


async def _rotate(runtime: Runtime, large: set[Path]) -> None:
    for container in await runtime.list_containers():
        if container.state is ContainerState.RUNNING:
            path = Path((await runtime.container_status(container)).log_path)
            if path in large:
                await asyncio.to_thread(rotate_file, path)
                await runtime.reopen_container_log(container.id)


def rotate_file(path: Path, stamp: str = "") -> None:
    """Move a log aside; older ones are compressed and the oldest deleted."""
    aside = sorted(p for p in path.parent.glob(f"{path.name}.*") if p.suffix != ".tmp")
    for old in aside[: max(0, len(aside) - (_MOST_FILES - 2))]:
        old.unlink()
    for old in aside[max(0, len(aside) - (_MOST_FILES - 2)) :]:
        if old.suffix != ".gz":
            _compress(old)
    path.rename(path.with_name(f"{path.name}.{stamp or time.strftime('%Y%m%d-%H%M%S', time.gmtime())}"))


def _compress(path: Path) -> None:
    temporary = path.with_name(f"{path.name}.tmp")
    with path.open("rb") as source, gzip.open(temporary, "wb") as target:
        shutil.copyfileobj(source, target)
    temporary.rename(path.with_name(f"{path.name}.gz"))
    path.unlink()
