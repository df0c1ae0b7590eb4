"""Holds back containers that crash again and again."""

from __future__ import annotations

from proa.cluster.kubelet.backoff import Backoff, duration
from proa.cluster.kubelet.cri import ContainerStatus
from proa.cluster.kubelet.pods import PodName
from proa.cluster.kubelet.problems import ContainerProblem


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

    def check(self, latest: ContainerStatus | None, now: float) -> CrashLoop | None:
        """Why a container has to wait, or None when it may start; that counts as an attempt.

        A first start never waits, nor does the first restart. `now` is seconds since the epoch.
        """
        if latest is None or not latest.exited:
            return None
        wait = self._backoff.remaining(latest.name, latest.finished_at / 1e9, now)
        if not wait:
            self._backoff.step(latest.name, now)
            return None
        delay = duration(self._backoff.delay(latest.name))
        pod = self._pod
        who = f"container={latest.name} pod={pod.name}_{pod.namespace}({pod.uid})"
        return CrashLoop(f"back-off {delay} restarting failed {who}", wait)
