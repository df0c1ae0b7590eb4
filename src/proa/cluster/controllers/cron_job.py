"""CronJob: a Job whenever its schedule says so."""

from __future__ import annotations

import datetime as dt
import logging
from contextlib import suppress

from proa.cluster.controllers import cron_plan
from proa.cluster.controllers.adoption import Adopter
from proa.cluster.controllers.config import ControllersConfig
from proa.cluster.controllers.cron_schedule import parse_schedule
from proa.cluster.controllers.expectations import PATIENCE, Expectations
from proa.cluster.controllers.job_verdict import is_over
from proa.cluster.controllers.once import Once
from proa.cluster.controllers.workload_kinds import CRON_JOBS, JOBS
from proa.errors import AlreadyExists, ApiError, NotFound
from proa.kube import (
    Controller,
    EventRecorder,
    Manager,
    Object,
    Result,
    Source,
    condition_is_true,
    controller_of,
    is_deleting,
    key_of,
)

_log = logging.getLogger(__name__)

_MANY_MISSED = (
    "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew"
)
_PADDING = 0.1
"""Seconds after the scheduled time, so that a clock that is set does not lead to a look too early."""


class CronJobs:
    """Reconciles CronJobs."""

    def __init__(self, manager: Manager) -> None:
        self._client = manager.client
        self._events = EventRecorder(manager.client, "cronjob-controller")
        self._once = Once(self._events)
        self.cron_jobs, self.jobs = manager.informer(CRON_JOBS), manager.informer(JOBS)
        self._adopter = Adopter(manager.client, self.cron_jobs, self.jobs)
        self._expectations = Expectations(self.jobs)
        self._reports = Expectations(self.cron_jobs)

    async def reconcile(self, key: str) -> Result | None:
        """Start the run that is due, drop old ones, and report."""
        cron_job = self.cron_jobs.get(key)
        if cron_job is None:
            self._expectations.forget(key)
            self._reports.forget(key)
            return None
        if not (self._expectations.met(key) and self._reports.met(key)):
            return Result(PATIENCE)
        jobs = self._adopter.held_by(cron_job["metadata"]["uid"])
        await self._tell_ended(cron_job, jobs)
        for job in cron_plan.superfluous(cron_job, jobs):
            await self._delete(cron_job, job)
        started, wait = None, None
        if not is_deleting(cron_job) and not cron_job["spec"].get("suspend"):
            started, wait = await self._start(cron_job, list(filter(cron_plan.is_running, jobs)))
        await self._report(cron_job, jobs, started)
        return Result(wait)

    async def _start(
        self, cron_job: Object, active: list[Object]
    ) -> tuple[tuple[dt.datetime, Object] | None, float | None]:
        """The time and the Job of a run that started, and seconds until the next."""
        now = dt.datetime.now(dt.UTC)
        try:
            zone = cron_plan.zone_of(cron_job)
        except ValueError as fault:
            await self._once.event(cron_job, "Warning", "UnknownTimeZone", str(fault))
            return None, None
        try:
            schedule = parse_schedule(cron_job["spec"]["schedule"])
        except ValueError as fault:
            text = f'unparseable schedule: "{cron_job["spec"]["schedule"]}" : {fault}'
            await self._once.event(cron_job, "Warning", "UnparseableSchedule", text)
            return None, None
        due = cron_plan.due(cron_job, schedule, now, zone)
        wait = (due.following - now).total_seconds() + _PADDING if due.following else None
        if due.many_missed:
            await self._once.event(cron_job, "Warning", "TooManyMissedTimes", _MANY_MISSED)
        if due.time is None or cron_plan.is_under_way(cron_job, due.time, active):
            return None, wait
        if not await self._may_start(cron_job, active):
            return None, wait
        return await self._create(cron_job, due.time), wait

    async def _may_start(self, cron_job: Object, active: list[Object]) -> bool:
        """Applies the concurrency policy to the runs that are not over."""
        policy = cron_job["spec"].get("concurrencyPolicy", "Allow")
        if policy == "Forbid" and active:
            text = "Not starting job because prior execution is running and concurrency policy is Forbid"
            await self._once.event(cron_job, "Normal", "JobAlreadyActive", text)
            return False
        if policy == "Replace":
            for job in active:
                await self._delete(cron_job, job)
        return True

    async def _create(self, cron_job: Object, time: dt.datetime) -> tuple[dt.datetime, Object] | None:
        wanted = cron_plan.new_job(cron_job, time)
        metadata = wanted["metadata"]
        try:
            made = await self._client.create(JOBS, wanted, metadata["namespace"])
        except AlreadyExists:
            made = await self._client.get(JOBS, metadata["name"], metadata["namespace"])
            ours = (controller_of(made) or {}).get("uid") == cron_job["metadata"]["uid"]
            return (time, made) if ours else None
        except ApiError as fault:
            await self._events.event(cron_job, "Warning", "FailedCreate", f"Error creating job: {fault}")
            raise
        self._expectations.written(key_of(cron_job), made)
        _log.info("cron job %s: job %s", key_of(cron_job), metadata["name"])
        await self._events.event(cron_job, "Normal", "SuccessfulCreate", f"Created job {metadata['name']}")
        return time, made

    async def _delete(self, cron_job: Object, job: Object) -> None:
        metadata = job["metadata"]
        try:
            with suppress(NotFound):
                await self._client.delete(
                    JOBS,
                    metadata["name"],
                    metadata["namespace"],
                    propagation_policy="Background",
                    uid=metadata["uid"],
                )
        except ApiError as fault:
            await self._events.event(cron_job, "Warning", "FailedDelete", f"Deleted job: {fault}")
            raise
        self._expectations.removed(key_of(cron_job), job)
        text = f"Deleted job {metadata['name']}"
        await self._events.event(cron_job, "Normal", "SuccessfulDelete", text)

    async def _tell_ended(self, cron_job: Object, jobs: list[Object]) -> None:
        """Events for runs that the status still calls active, and for those that it does not know."""
        by_uid = {job["metadata"]["uid"]: job for job in jobs}
        known = {entry["uid"] for entry in (cron_job.get("status") or {}).get("active") or ()}
        for job in jobs:
            if not (is_over(job) or cron_plan.is_running(job) or job["metadata"]["uid"] in known):
                text = f"Saw a job that the controller did not create or forgot: {job['metadata']['name']}"
                await self._once.event(cron_job, "Warning", "UnexpectedJob", text)
        for entry in (cron_job.get("status") or {}).get("active") or ():
            listed = by_uid.get(entry["uid"])
            if listed is None:
                text = f"Active job went missing: {entry['name']}"
                await self._events.event(cron_job, "Normal", "MissingJob", text)
            elif is_over(listed):
                word = "Complete" if condition_is_true(listed, "Complete") else "Failed"
                text = f"Saw completed job: {entry['name']}, condition: {word}"
                await self._events.event(cron_job, "Normal", "SawCompletedJob", text)

    async def _report(
        self, cron_job: Object, jobs: list[Object], started: tuple[dt.datetime, Object] | None
    ) -> None:
        before = cron_job.get("status") or {}
        known = {entry["uid"]: entry for entry in before.get("active") or ()}
        running = [job for job in jobs if cron_plan.is_running(job) and not is_deleting(job)]
        entries = [known.get(job["metadata"]["uid"]) or cron_plan.reference(job) for job in running]
        status: Object = {}
        if started is not None:
            status["lastScheduleTime"] = started[0].astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            entries = [e for e in entries if e["uid"] != started[1]["metadata"]["uid"]]
            entries.append(cron_plan.reference(started[1]))
        elif "lastScheduleTime" in before:
            status["lastScheduleTime"] = before["lastScheduleTime"]
        if entries:
            status["active"] = sorted(entries, key=lambda entry: str(entry["name"]))
        if (success := cron_plan.last_success(cron_job, jobs)) is not None:
            status["lastSuccessfulTime"] = success
        if status != before:
            changed = cron_job | {"status": status}
            written = await self._client.update(CRON_JOBS, changed, subresource="status")
            self._reports.written(key_of(cron_job), written)

    def of_job(self, job: Object) -> list[str]:
        """The CronJob that made the Job."""
        owner = controller_of(job)
        if owner is None or owner["kind"] != CRON_JOBS.kind:
            return []
        return [f"{job['metadata']['namespace']}/{owner['name']}"]


def setup(manager: Manager, config: ControllersConfig) -> None:  # noqa: ARG001 - the form of all
    """Run with the manager."""
    reconciler = CronJobs(manager)
    sources = [Source(reconciler.cron_jobs), Source(reconciler.jobs, reconciler.of_job)]
    manager.add(Controller("cronjob", reconciler, sources=sources))
