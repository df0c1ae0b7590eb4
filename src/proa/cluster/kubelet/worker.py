"""One pod's worker: looks at what is, decides what is next, has it done, reports.

Everything that takes a while is an operation beside the loop, so the loop is never late for a
deletion, and the parts of a start (sandbox, images, volumes) run at the same time.
"""

from __future__ import annotations

import asyncio
import logging
import time
from functools import partial

from proa.cluster.kubelet.conditions import EVICTED
from proa.cluster.kubelet.cri import CriError
from proa.cluster.kubelet.ending import end_pod, finish_pod, forget_pod
from proa.cluster.kubelet.host import Host
from proa.cluster.kubelet.launch import PREPARATIONS, Launch
from proa.cluster.kubelet.observation import PodObservation
from proa.cluster.kubelet.operations import Operations
from proa.cluster.kubelet.plan import Plan, make_plan
from proa.cluster.kubelet.pods import differs_in_status_only, find_container, grace_period, pod_name
from proa.cluster.kubelet.resize.pod_resize import PodResize
from proa.cluster.kubelet.restarts import CrashLoop
from proa.cluster.kubelet.status import FINAL_PHASES, StatusInputs, pod_status, rejected_status
from proa.cluster.kubelet.termination_messages import termination_message
from proa.cluster.kubelet.terminator import kill_container
from proa.kube import Object, is_deleting, now, parse_time
from proa.kube.timers import Timer

_log = logging.getLogger(__name__)

_TROUBLE_PAUSE = 1.0
_EVICTION_GRACE = 1
_LOST_GRACE = 2
"""Seconds that containers have once the API has forgotten their pod, as by a forced deletion."""


class PodWorker:
    """Keeps one pod as the API wants it."""

    def __init__(self, host: Host, pod: Object) -> None:
        self.uid = str(pod["metadata"]["uid"])
        self._host = host
        self._pod = pod
        self._in_api = True
        self._changed = asyncio.Event()
        self._changed.set()
        self._timer: Timer | None = None
        self._operations = Operations(str(pod_name(pod)), self._operation_ended)
        self._launch = Launch(host, self._operations, pod_name(pod))
        self._resize = PodResize(host, self._operations)
        self._accepted = (pod.get("status") or {}).get("startTime") or now()
        self._failure: tuple[str, str] | None = None
        self._rejected = False
        self._grace: int | None = None
        self._eviction_grace = _EVICTION_GRACE
        self._gone = False

    def wake(self) -> None:
        """Something about the pod may have changed."""
        self._changed.set()

    def update(self, pod: Object) -> None:
        """The API has another version of the pod; our own reports among them are no reason to look."""
        old, self._pod = self._pod, pod
        if not differs_in_status_only(old, pod):
            self.refresh()
        elif pod["spec"].get("readinessGates"):
            self.wake()

    def lose(self, last: Object) -> None:
        """The API has forgotten the pod; `last` is its last version."""
        self._pod, self._in_api = last, False
        self.wake()

    async def evict(self, message: str, grace: int) -> None:
        """The pod has to leave the node, within so many seconds."""
        if self._failure is None:
            self._eviction_grace = grace
            self._failure = (EVICTED, message)
            await self._host.note(self._pod, "Warning", EVICTED, message)
            self.wake()

    def refresh(self) -> None:
        """The pod or an object that it refers to has changed."""
        self._launch.refresh()
        self.wake()

    async def run(self) -> None:
        """Work until nothing of the pod is left."""
        try:
            while not self._gone:
                await self._changed.wait()
                self._changed.clear()
                await self._try_sync()
        finally:
            await self._operations.cancel()
            self._host.forget(self.uid)

    def _operation_ended(self, key: str) -> None:
        """Look again, unless what was prepared is awaited by a start whose end will be told as well."""
        if key not in PREPARATIONS or not self._operations.is_any_running("start/"):
            self.wake()

    async def _try_sync(self) -> None:
        try:
            await self._sync()
        except CriError as fault:
            level = logging.DEBUG if fault.unavailable else logging.WARNING
            _log.log(level, "pod %s: %s", pod_name(self._pod), fault)
            self._wake_in(_TROUBLE_PAUSE)
        except Exception:  # noqa: BLE001 - a fault of ours must not leave the pod without worker
            _log.exception("pod %s", pod_name(self._pod))
            self._wake_in(_TROUBLE_PAUSE)

    async def _sync(self) -> None:
        asked, seen = self._pod, await self._host.observer.observe(self.uid)
        pod = self._resize.given(asked, seen)
        self._launch.seen = seen
        self._host.probes.follow(pod, seen)  # before it is asked what has started
        if not self._in_api or is_deleting(pod):
            self._begin_deletion(pod)
        elif (pod.get("status") or {}).get("phase") in FINAL_PHASES:
            self._begin_finish(pod, seen)
            self._host.sizes.retry()
        else:
            await self._advance(asked, pod, seen)
        self._report(seen)
        self._wake_in(self._operations.next_due())

    async def _advance(self, asked: Object, pod: Object, seen: PodObservation) -> None:
        """Bring a pod forward that should run; `pod` is what it has been given of what was asked for."""
        probes = self._host.probes
        self._failure = self._failure or await self._give_up(pod, seen)
        pod, resized = self._resize.advance(asked, seen)
        plan = make_plan(pod, seen, probes.unhealthy(seen) | resized, probes.has_started)
        if self._failure or plan.finished:
            self._launch.problems.clear()
            self._begin_finish(pod, seen)
        else:
            await self._carry_out(pod, seen, plan)

    async def _carry_out(self, pod: Object, seen: PodObservation, plan: Plan) -> None:
        for container in seen.running:
            reason = plan.kill.get(container.id)
            if reason:
                grace = self._host.probes.grace(container) or grace_period(pod)
                kill = partial(kill_container, self._host, pod, container, grace, reason)
                self._operations.begin(f"kill/{container.id}", kill)
        free = [name for name in plan.start if await self._may_start(pod, seen, name)]
        self._launch.carry_out(pod, plan, free)

    async def _may_start(self, pod: Object, seen: PodObservation, name: str) -> bool:
        """Whether a container is not held back by its crashes, nor about to start already."""
        problems = self._launch.problems
        if self._operations.is_running(f"start/{name}") or self._operations.is_postponed(f"start/{name}"):
            return False
        crash = self._launch.restarts.check(seen.latest(name), time.time())
        if crash is None:
            return True
        if not isinstance(problems.get(name), CrashLoop):
            await self._event_back_off(pod, name)
        problems[name] = crash
        self._wake_in(crash.wait)
        return False

    async def _event_back_off(self, pod: Object, name: str) -> None:
        identity = pod_name(pod)
        who = f"{name} in pod {identity.name}_{identity.namespace}({identity.uid})"
        message = f"Back-off restarting failed container {who}"
        await self._host.note(pod, "Warning", "BackOff", message, find_container(pod, name))

    async def _give_up(self, pod: Object, seen: PodObservation) -> tuple[str, str] | None:
        """Reason and message of a pod that may not run, or not any longer."""
        untouched = seen.sandbox is None and not self._launch.begun
        refusal = await self._host.admit(pod) if untouched else None
        self._rejected = refusal is not None
        refusal = refusal or self._past_deadline(pod)
        if refusal:
            await self._host.note(pod, "Warning", *refusal)
        return refusal

    def _past_deadline(self, pod: Object) -> tuple[str, str] | None:
        limit = pod["spec"].get("activeDeadlineSeconds")
        if limit is None:
            return None
        remaining = parse_time(self._accepted).timestamp() + limit - time.time()
        self._wake_in(remaining)
        if remaining > 0:
            return None
        return "DeadlineExceeded", "Pod was active on the node longer than the specified deadline"

    def _report(self, seen: PodObservation) -> None:
        """Have the status written, unless nothing is left to tell of a pod that has ended, or is about to."""
        final = (self._pod.get("status") or {}).get("phase") in FINAL_PHASES or is_deleting(self._pod)
        if self._in_api and (seen.containers or not final):
            settled = not self._operations.is_any_running("start/")
            status = self._status(self._resize.given(self._pod, seen), seen)
            self._host.statuses.put(self._pod, status, urgent=settled)

    def _status(self, pod: Object, seen: PodObservation) -> Object:
        probes = self._host.probes
        if self._rejected and self._failure is not None:
            return rejected_status(pod, self._accepted, *self._failure)
        return pod_status(
            pod,
            StatusInputs(
                seen=seen,
                node_ips=self._host.config.node_ips,
                started_at=self._accepted,
                is_ready=probes.is_ready,
                has_started=probes.has_started,
                termination_message=partial(termination_message, self._host.config, self.uid),
                problems=self._launch.problems,
                failure=self._failure,
                resources=self._resize.actual,
                resize=self._resize.marks(),
            ),
        )

    def _begin_finish(self, pod: Object, seen: PodObservation) -> None:
        """Give back what a pod holds that has run its course; its containers stay for their logs."""
        if seen.running or seen.ready_sandbox:
            evicted = self._failure is not None and self._failure[0] == EVICTED
            grace = self._eviction_grace if evicted else grace_period(pod)
            self._operations.begin("finish", partial(finish_pod, self._host, self._operations, pod, grace))

    def _begin_deletion(self, pod: Object) -> None:
        """End the pod; again, and faster, when the grace period was shortened meanwhile."""
        grace = grace_period(pod) if self._in_api else _LOST_GRACE
        if self._grace is not None and grace < self._grace:
            self._operations.stop("delete")
        self._grace = grace if self._grace is None else min(grace, self._grace)
        self._operations.begin("delete", partial(self._delete, pod, grace))

    async def _delete(self, pod: Object, grace: int) -> None:
        await end_pod(self._host, self._operations, pod, grace, self._report)
        self._grace = 0
        await forget_pod(self._host, pod)
        self._gone = True

    def _wake_in(self, delay: float | None) -> None:
        """Look at the pod again after some seconds, or earlier."""
        if delay is None:
            return
        now = asyncio.get_running_loop().time()
        at = now + max(delay, 0)
        if self._timer is None or not now < self._timer.when <= at:
            self._timer = Timer(at, self.wake)
