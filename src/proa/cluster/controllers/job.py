"""Job: pods that run to their end, until enough of them succeeded."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Sequence

from proa.cluster.controllers import job_plan
from proa.cluster.controllers.adoption import Adopter
from proa.cluster.controllers.config import ControllersConfig
from proa.cluster.controllers.expectations import PATIENCE, Expectations
from proa.cluster.controllers.job_backoff import Backoff
from proa.cluster.controllers.job_finalizers import JobFinalizers, release
from proa.cluster.controllers.job_tracking import Tally, ready_count, tally
from proa.cluster.controllers.job_verdict import Verdict, conditions, is_over, time_to_deadline, verdict
from proa.cluster.controllers.pod_control import PodControl, first_fault, slow_start
from proa.cluster.controllers.workload_kinds import JOBS
from proa.errors import ApiError
from proa.kube import (
    PODS,
    Controller,
    EventRecorder,
    Manager,
    Object,
    Result,
    Source,
    condition_is_true,
    find_condition,
    is_deleting,
    key_of,
    now,
)

_log = logging.getLogger(__name__)

_BURST = 500


class Jobs:
    """Reconciles Jobs."""

    def __init__(self, manager: Manager) -> None:
        self._client = manager.client
        self._events = EventRecorder(manager.client, "job-controller")
        self.jobs, self.pods = manager.informer(JOBS), manager.informer(PODS)
        self.adopter = Adopter(manager.client, self.jobs, self.pods)
        self._expectations = Expectations(self.pods)
        self._reports = Expectations(self.jobs)
        self._backoff = Backoff()
        self._control = PodControl(manager.client, self._events, self._expectations)

    async def reconcile(self, key: str) -> Result | None:
        """Start and end pods, count those that ended, and say when the Job is over."""
        job = self.jobs.get(key)
        if job is None:
            self._expectations.forget(key)
            self._reports.forget(key)
            self._backoff.forget(key)
            return None
        if is_over(job) or job["spec"].get("managedBy", _OURS) != _OURS:
            return None
        pods = await self.adopter.claim(job)
        if not (self._expectations.met(key) and self._reports.met(key)):
            return Result(PATIENCE)
        return await self._sync(job, pods)

    async def _sync(self, job: Object, pods: Sequence[Object]) -> Result:
        time, counts = dt.datetime.now(dt.UTC), tally(job, pods)
        end = verdict(job, pods, counts, time)
        fault, wait = None, None
        if end is not None and end.succeeded:
            fault = await self._delete(job, counts.active)
        elif end is not None:
            counts = tally(job, pods, failing=True)
            fault = await self._fail(job, counts)
        elif not is_deleting(job):
            fault, wait = await self._manage(job, pods, counts, time)
        await self._report(job, counts, end)
        for pod in counts.released:
            await release(self._client, pod)
        if fault is not None:
            raise fault
        return Result(min(filter(None, (wait, time_to_deadline(job, time))), default=None))

    async def _manage(
        self, job: Object, pods: Sequence[Object], counts: Tally, time: dt.datetime
    ) -> tuple[ApiError | None, float | None]:
        """One step towards the wanted number of pods; a refusal, and the time to wait for the next step."""
        if excess := job_plan.to_delete(job, counts, time)[:_BURST]:
            return await self._delete(job, excess), None
        indexes, wait = job_plan.to_create(job, counts, time)
        delay = self._backoff.left(key_of(job), job, pods, time)
        if not indexes or delay > 0:
            return None, delay if indexes else wait
        _log.info("job %s: %d pods more", key_of(job), len(indexes[:_BURST]))
        made = [job_plan.job_pod(job, index, counts.awaiting.get(index or 0)) for index in indexes[:_BURST]]
        return await slow_start(len(made), lambda number: self._control.create(job, made[number])), wait

    async def _delete(self, job: Object, pods: Sequence[Object]) -> ApiError | None:
        """Pods that are too many count for nothing, so their finalizer goes first."""
        for pod in pods:
            await release(self._client, pod)
        return await first_fault([self._control.delete(job, pod) for pod in pods])

    async def _fail(self, job: Object, counts: Tally) -> ApiError | None:
        """Pods that a failing Job ends count as failed: their finalizer goes when they are counted."""
        counts.released += counts.awaiting.values()
        going = {pod["metadata"]["uid"] for pod in counts.active}
        counts.released = [pod for pod in counts.released if pod["metadata"]["uid"] not in going]
        return await first_fault([self._control.delete(job, pod) for pod in counts.active])

    async def _report(self, job: Object, counts: Tally, end: Verdict | None) -> None:
        settled = not counts.active and not counts.terminating and not counts.released
        before = job.get("status") or {}
        told = conditions(job, end, settled=settled)
        status = counts.status | {"ready": ready_count(counts), "terminating": len(counts.terminating)}
        if counts.active:
            status["active"] = len(counts.active)
        if told:
            status["conditions"] = told
        resumed = condition_is_true(job, "Suspended") and not job["spec"].get("suspend")
        if not job["spec"].get("suspend"):
            status["startTime"] = now() if resumed else before.get("startTime") or now()
        if end is not None and end.succeeded and settled:
            status["completionTime"] = now()
        if status == before:
            return
        written = await self._client.update(JOBS, job | {"status": status}, subresource="status")
        self._reports.written(key_of(job), written)
        await self._tell(job, written)

    async def _tell(self, before: Object, after: Object) -> None:
        """Events for conditions that turned."""
        for kind, text in (("Complete", ("Normal", "Completed", "Job completed")), ("Failed", None)):
            if condition_is_true(after, kind) and not condition_is_true(before, kind):
                found = find_condition(after, kind) or {}
                said = text or ("Warning", found["reason"], found.get("message", ""))
                await self._events.event(after, *said)
        suspended = condition_is_true(after, "Suspended")
        if suspended != condition_is_true(before, "Suspended"):
            word = "Suspended" if suspended else "Resumed"
            await self._events.event(after, "Normal", word, f"Job {word.lower()}")


_OURS = "kubernetes.io/job-controller"


def setup(manager: Manager, config: ControllersConfig) -> None:  # noqa: ARG001 - the form of all
    """Run with the manager."""
    reconciler = Jobs(manager)
    sources = [Source(reconciler.jobs), Source(reconciler.pods, reconciler.adopter.owner_keys)]
    manager.add(Controller("job", reconciler, sources=sources, workers=4))
    finalizers = JobFinalizers(manager, reconciler.adopter)
    sources = [Source(finalizers.pods), Source(finalizers.jobs, finalizers.of_job)]
    manager.add(Controller("job-finalizers", finalizers, sources=sources))
