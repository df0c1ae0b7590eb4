"""Informers that controllers share, and the tasks that run both."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from proa.kube.client import Client
from proa.kube.informer import Informer, Keep
from proa.kube.resources import Resource


class Runnable(Protocol):
    """A controller, or anything else that works until it is cancelled."""

    async def run(self) -> None:
        """Work until cancelled."""


class Manager:
    """One client, each collection watched once, any number of controllers."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self._informers: dict[tuple[Resource, str, str, str, Keep | None], Informer] = {}
        self._jobs: list[Callable[[], Awaitable[None]]] = []
        self._group: asyncio.TaskGroup | None = None

    def informer(
        self,
        resource: Resource,
        namespace: str = "",
        *,
        label_selector: str = "",
        field_selector: str = "",
        keep: Keep | None = None,
    ) -> Informer:
        """The informer of that collection, shared by all who ask for the same."""
        scope = (resource, namespace, label_selector, field_selector, keep)
        if scope not in self._informers:
            informer = Informer(
                self.client,
                resource,
                namespace,
                label_selector=label_selector,
                field_selector=field_selector,
                keep=keep,
            )
            self._informers[scope] = informer
            self._start(informer.run)
        return self._informers[scope]

    def add(self, part: Runnable) -> None:
        """Run a controller, a scheduler or the like with the manager."""
        self._start(part.run)

    @property
    def is_running(self) -> bool:
        """Whether its parts have been started; they run until one fails or the process ends."""
        return self._group is not None

    async def run(self) -> None:
        """Run everything until cancelled or until one part fails."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            for job in self._jobs:
                group.create_task(_completes(job))
            await asyncio.Future()

    def _start(self, job: Callable[[], Awaitable[None]]) -> None:
        self._jobs.append(job)
        if self._group is not None:
            self._group.create_task(_completes(job))


async def _completes(job: Callable[[], Awaitable[None]]) -> None:
    await job()
