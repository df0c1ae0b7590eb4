"""Jobs that ended go after `ttlSecondsAfterFinished` (source: kubernetes.io, TTL-after-finished)."""

from __future__ import annotations

import datetime as dt
import logging
from contextlib import suppress

from proa.cluster.controllers.config import ControllersConfig
from proa.cluster.controllers.job_verdict import finish_time
from proa.cluster.controllers.workload_kinds import JOBS
from proa.errors import NotFound
from proa.kube import Controller, Manager, Object, Result, Source, is_deleting

_log = logging.getLogger(__name__)


class JobTtl:
    """Reconciles Jobs."""

    def __init__(self, manager: Manager) -> None:
        self._client = manager.client
        self.jobs = manager.informer(JOBS)

    async def reconcile(self, key: str) -> Result | None:
        """Delete the Job with its pods if its time is over, else come again when it will be."""
        job = self.jobs.get(key)
        left = time_left(job, dt.datetime.now(dt.UTC)) if job is not None else None
        if job is None or left is None:
            return None
        if left > 0:
            return Result(left)
        _log.info("job %s: its time after the end is over", key)
        metadata = job["metadata"]
        with suppress(NotFound):
            await self._client.delete(
                JOBS,
                metadata["name"],
                metadata["namespace"],
                propagation_policy="Foreground",
                uid=metadata["uid"],
                resource_version=metadata["resourceVersion"],
            )
        return None


def time_left(job: Object, now: dt.datetime) -> float | None:
    """Seconds until the Job goes; None when it does not go by time."""
    seconds, end = job["spec"].get("ttlSecondsAfterFinished"), finish_time(job)
    if seconds is None or end is None or is_deleting(job):
        return None
    return max(0.0, float(seconds) - (now - end).total_seconds())


def setup(manager: Manager, config: ControllersConfig) -> None:  # noqa: ARG001 - the form of all
    """Run with the manager."""
    reconciler = JobTtl(manager)
    manager.add(Controller("job-ttl", reconciler, sources=[Source(reconciler.jobs)]))
