"""Level-triggered control loops (source: controller-runtime).

A reconciler gets a key and nothing else: it reads what it needs and makes it so. It does not
learn which event woke it, so a lost or doubled event does no harm.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from proa.errors import Conflict, ProaError
from proa.kube.informer import Informer
from proa.kube.meta import key_of
from proa.kube.resources import Object
from proa.kube.workqueue import WorkQueue

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Result:
    """What a reconciler wants next: nothing, or to be asked again after some seconds."""

    requeue_after: float | None = None


class PermanentError(ProaError):
    """Trying again cannot help until the object changes."""


class Reconciler(Protocol):
    """One controller's whole contract."""

    async def reconcile(self, key: str) -> Result | None:
        """Make the world agree with the object of that key, which may be gone."""


def own_key(obj: Object) -> Iterable[str]:
    """The object's own key: what most sources map to."""
    return (key_of(obj),)


@dataclass(frozen=True)
class Source:
    """An informer whose changes wake a controller, and the keys that a changed object stands for."""

    informer: Informer
    keys: Callable[[Object], Iterable[str]] = own_key


class Controller:
    """Feeds a reconciler from its sources; failures are retried with a back-off per key."""

    def __init__(
        self, name: str, reconciler: Reconciler, *, sources: Sequence[Source], workers: int = 1
    ) -> None:
        self.name = name
        self.sources = sources
        self.queue = WorkQueue()
        self._reconciler = reconciler
        self._workers = workers

    def watch(self, source: Source) -> None:
        """Be woken by one more source, which need not be there from the beginning."""
        source.informer.on_change(partial(self._changed, source))

    async def run(self) -> None:
        """Work until cancelled; the sources' informers are run by someone else."""
        for source in self.sources:
            self.watch(source)
        for source in self.sources:
            await source.informer.wait_synced()
        async with asyncio.TaskGroup() as group:
            for _ in range(self._workers):
                group.create_task(self._work())

    def _changed(self, source: Source, old: Object | None, new: Object | None) -> None:
        for obj in (old, new):
            if obj is not None:
                for key in source.keys(obj):
                    self.queue.add(key)

    async def _work(self) -> None:
        while True:
            key = await self.queue.get()
            try:
                await self._reconcile(key)
            finally:
                self.queue.done(key)

    async def _reconcile(self, key: str) -> None:
        try:
            result = await self._reconciler.reconcile(key)
        except PermanentError as fault:
            _log.error("%s: %s: %s", self.name, key, fault)
            self.queue.forget(key)
        except Conflict:
            self.queue.retry(key)  # somebody was faster: the next attempt reads what they wrote
        except ProaError as fault:
            _log.warning("%s: %s: %s; again in %.3g s", self.name, key, fault, self.queue.retry(key))
        except Exception:  # noqa: BLE001 - one broken key must not end the loop for all
            _log.exception("%s: %s: again in %.3g s", self.name, key, self.queue.retry(key))
        else:
            self.queue.forget(key)
            if result is not None and result.requeue_after is not None:
                self.queue.add_after(key, result.requeue_after)
