"""Holds back containers that crash again and again."""

from __future__ import annotations

from proa.cluster.kubelet.backoff import Backoff, duration
from proa.cluster.kubelet.cri import ContainerStatus
from proa.cluster.kubelet.pods import PodName
from proa.cluster.kubelet.problems import ContainerProblem

_QUIET = 600 * 10**9
"""Nanoseconds after whose run a container counts as well again."""
_LOST = "Unknown"
"""The runtime's reason for a container that went down with the machine or with its runtime."""


class CrashLoop(ContainerProblem):
    """A container that waits after its last crash; `wait` is the rest in seconds."""

    def __init__(self, message: str, wait: float) -> None:
        super().__init__("CrashLoopBackOff", message)
        self.wait = wait


class Restarts:
    """The crash back-off of one pod's containers: 10 s doubling to 5 min, forgotten after 10 min."""

    def __init__(self, pod: PodName) -> None:
        self._pod = pod
        self._backoff = Backoff()

    def count(self, latest: ContainerStatus | None, now: float) -> None:
        """A container is started, after this attempt if there was one."""
        if latest is not None and latest.exited:
            self._backoff.step(latest.name, now)

    def check(self, latest: ContainerStatus | None, now: float) -> CrashLoop | None:
        """Why a container has to wait, or None when it may start.

        A first start never waits, nor does the first restart, nor a container that did not end by itself.
        `now` is seconds since the epoch.
        """
        if latest is None or not latest.exited or latest.reason == _LOST:
            return None
        if latest.finished_at - latest.started_at < _QUIET:
            self._backoff.seed(latest.name, latest.attempt, now)
        wait = self._backoff.remaining(latest.name, latest.finished_at / 1e9, now)
        if not wait:
            return None
        delay = duration(self._backoff.delay(latest.name))
        pod = self._pod
        who = f"container={latest.name} pod={pod.name}_{pod.namespace}({pod.uid})"
        return CrashLoop(f"back-off {delay} restarting failed {who}", wait)
