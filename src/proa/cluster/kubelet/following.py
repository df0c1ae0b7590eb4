"""An informer that runs from when it is first needed."""

from __future__ import annotations

import asyncio

from proa.kube import Informer


class Following:
    """Begins and ends the work of an informer."""

    def __init__(self, informer: Informer) -> None:
        self._informer = informer
        self._task: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        """Run the informer, if it does not run yet; returns when it has synced."""
        if self._task is None:
            self._task = asyncio.create_task(self._informer.run())
        await self._informer.wait_synced()

    async def end(self) -> None:
        """Stop it."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
