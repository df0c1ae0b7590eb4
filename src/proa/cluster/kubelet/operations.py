"""Work of a pod that takes a while, kept beside the loop that decides: each is known by a key."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from proa.cluster.kubelet.backoff import Backoff
from proa.cluster.kubelet.cri import CriError
from proa.cluster.kubelet.problems import VolumeProblem
from proa.errors import ProaError

_log = logging.getLogger(__name__)


class Postponed(ProaError):
    """What an operation waited for did not come; its own failure says why."""


class Operations:
    """At most one operation a key; one that failed is begun again only after a while.

    `on_end` is called with the key after each end, so that the pod is looked at again.
    """

    def __init__(self, label: str, on_end: Callable[[str], None]) -> None:
        self._label = label
        self._on_end = on_end
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._retries = Backoff(0.5, 60.0)
        self._not_before: dict[str, float] = {}

    def begin(self, key: str, work: Callable[[], Awaitable[None]]) -> None:
        """Begin unless the same runs already or has failed a moment ago."""
        if key not in self._tasks and not self.is_postponed(key):
            self._tasks[key] = asyncio.create_task(self._run(key, work))

    def is_running(self, key: str) -> bool:
        """Whether the operation is under way."""
        return key in self._tasks

    def is_any_running(self, prefix: str) -> bool:
        """Whether one of these operations is under way."""
        return any(key.startswith(prefix) for key in self._tasks)

    def is_postponed(self, key: str) -> bool:
        """Whether the operation failed a moment ago and waits for its next attempt."""
        return self._now() < self._not_before.get(key, 0)

    async def wait(self, key: str) -> None:
        """Until the operation has ended, well or not; at once when it is not under way."""
        if key in self._tasks:
            await asyncio.wait([self._tasks[key]])

    def postpone(self, key: str, delay: float) -> None:
        """Do not begin this for some seconds."""
        self._not_before[key] = self._now() + delay

    def retry_now(self, prefix: str) -> None:
        """What these waited for may have come: begin them when they are next asked for."""
        for key in [k for k in self._not_before if k.startswith(prefix)]:
            del self._not_before[key]

    def next_due(self) -> float | None:
        """Seconds until the first postponed operation may begin."""
        present = self._now()
        self._not_before = {key: at for key, at in self._not_before.items() if at > present}
        return min((at - present for at in self._not_before.values()), default=None)

    async def cancel(self, keep: str = "") -> None:
        """Stop all but one; returns when they have stopped."""
        tasks = [task for key, task in self._tasks.items() if key != keep]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def stop(self, key: str) -> None:
        """Stop one, to begin it again with other parameters."""
        task = self._tasks.pop(key, None)
        if task is not None:
            task.cancel()

    async def _run(self, key: str, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except Postponed:
            pass
        except (ProaError, OSError, TimeoutError) as fault:
            delay = self._fail(key)
            level = logging.INFO if isinstance(fault, (CriError, VolumeProblem)) else logging.WARNING
            _log.log(level, "pod %s: %s: %s; again in %.3g s", self._label, key, fault, delay)
        except Exception:  # noqa: BLE001 - a fault of ours must not end the pod's worker
            _log.exception("pod %s: %s; again in %.3g s", self._label, key, self._fail(key))
        else:
            self._retries.forget(key)
        finally:
            if self._tasks.get(key) is asyncio.current_task():
                del self._tasks[key]
            self._on_end(key)

    def _fail(self, key: str) -> float:
        self._retries.step(key, self._now())
        delay = self._retries.delay(key)
        self.postpone(key, delay)
        return delay

    def _now(self) -> float:
        return asyncio.get_running_loop().time()
