"""The loop that keeps logs small, with a runtime that only reopens."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from proa.cluster.kubelet.cri import ContainerState, CriError, Runtime
from proa.cluster.kubelet.logs.files import LogLimits, aside
from proa.cluster.kubelet.logs.rotation import LogRotation

LIMITS = LogLimits()


class _Runtime:
    def __init__(self, *paths: Path) -> None:
        self.paths = {str(number): path for number, path in enumerate(paths)}
        self.reopened: list[str] = []
        self.down = False
        self.done = asyncio.Event()

    async def list_containers(self) -> list[Any]:
        if self.down:
            raise CriError("UNAVAILABLE", "away")
        return [SimpleNamespace(id=each, state=ContainerState.RUNNING) for each in self.paths]

    async def container_status(self, container: Any) -> Any:
        return SimpleNamespace(log_path=str(self.paths[container.id]))

    async def reopen_container_log(self, container_id: str) -> None:
        self.paths[container_id].touch()
        self.reopened.append(container_id)
        self.done.set()


def _log(folder: Path, name: str, size: int) -> Path:
    path = folder / "pod" / name / "0.log"
    path.parent.mkdir(parents=True)
    with path.open("wb") as file:
        file.truncate(size)
    return path


async def test_only_large_logs_are_rotated(tmp_path: Path) -> None:
    large, small = _log(tmp_path, "a", LIMITS.size + 1), _log(tmp_path, "b", LIMITS.size)
    runtime = _Runtime(large, small)
    rotation = LogRotation(cast("Runtime", runtime), tmp_path, LIMITS)
    task = asyncio.create_task(rotation.run())
    async with asyncio.timeout(10):
        await runtime.done.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert runtime.reopened == ["0"]
    assert len(aside(large)) == 1
    assert aside(small) == []


async def test_a_runtime_that_is_away_ends_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    large = _log(tmp_path, "a", LIMITS.size + 1)
    runtime = _Runtime(large)
    runtime.down = True
    rotation = LogRotation(cast("Runtime", runtime), tmp_path, LIMITS)
    await rotation._rotate({str(large)})
    assert "logs not rotated" in caplog.text
    runtime.down = False
    await rotation._rotate({str(large)})
    assert runtime.reopened == ["0"]
    assert rotation._tidier is not None
    await rotation._tidier


async def test_large_logs_of_ended_containers_are_asked_about_once(tmp_path: Path) -> None:
    ended = str(_log(tmp_path, "a", LIMITS.size + 1))
    rotation = LogRotation(cast("Runtime", _Runtime()), tmp_path, LIMITS)
    await rotation._rotate({ended})
    assert rotation._ended == {ended}
