"""The real kubectl beside an API server that runs in the test's own event loop."""

from __future__ import annotations

import asyncio
import contextlib
import os
from asyncio.subprocess import PIPE, Process
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.cluster import CACHE, NEWEST

_DEADLINE = 60.0


@dataclass(frozen=True)
class Answer:
    """What a command printed and how it ended."""

    code: int
    stdout: bytes
    stderr: str


async def end(process: Process) -> None:
    """End a command that may have ended by itself."""
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    await process.wait()


class Kubectl:
    """kubectl of one version with one kubeconfig."""

    def __init__(self, kubeconfig: Path, version: str = NEWEST) -> None:
        self._program = CACHE / f"kubectl-{version}" / "kubectl"
        self._environment = os.environ | {"KUBECONFIG": str(kubeconfig)}

    async def start(self, *arguments: str, **more: Any) -> Process:
        """A command under way, its streams open."""
        streams: dict[str, Any] = {"stdin": PIPE, "stdout": PIPE, "stderr": PIPE} | more
        return await asyncio.create_subprocess_exec(
            self._program, *arguments, env=self._environment, **streams
        )

    async def run(self, *arguments: str, text: bytes = b"") -> Answer:
        """A command to its end; `text` is all of its stdin."""
        process = await self.start(*arguments)
        try:
            async with asyncio.timeout(_DEADLINE):
                output, complaint = await process.communicate(text)
        finally:
            await end(process)
        assert process.returncode is not None
        return Answer(process.returncode, output, complaint.decode())
