"""Which run of a CronJob is due, and which Jobs of it are kept. Pure.

Source: kubernetes.io, CronJob; upstream's cronjob/utils.go.
"""

from __future__ import annotations

import copy
import datetime as dt
import zoneinfo
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from proa.cluster.controllers.cron_schedule import Schedule
from proa.cluster.controllers.job_verdict import is_over
from proa.kube import Object, annotations_of, condition_is_true, owner_reference, parse_time

_MANY = 100
_SCHEDULED_AT = "batch.kubernetes.io/cronjob-scheduled-timestamp"


class Due(NamedTuple):
    """The latest time that has come and whether many before it were missed; the next time."""

    time: dt.datetime | None
    many_missed: bool
    following: dt.datetime | None


def zone_of(cron_job: Object) -> dt.tzinfo:
    """The zone that the schedule is read in. Raises ValueError for one that is not known."""
    name = cron_job["spec"].get("timeZone")
    if name is None:
        return dt.datetime.now().astimezone().tzinfo or dt.UTC
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"invalid timeZone: {name!r}: unknown time zone {name}") from None


def due(cron_job: Object, schedule: Schedule, now: dt.datetime, zone: dt.tzinfo) -> Due:
    """What has come since the last run, or since the CronJob was made, and is not too late."""
    spec, status = cron_job["spec"], cron_job.get("status") or {}
    since = parse_time(status.get("lastScheduleTime") or cron_job["metadata"]["creationTimestamp"])
    deadline = spec.get("startingDeadlineSeconds")
    if deadline is not None:
        since = max(since, now - dt.timedelta(seconds=deadline))
    following = schedule.after(now.astimezone(zone))
    first = schedule.after(since.astimezone(zone))
    if first is None or first > now:
        return Due(None, False, following)
    second = schedule.after(first)
    many = second is not None and (now - first) / (second - first) + 1 > _MANY
    return Due(_latest(schedule, first, now), many, following)


def _latest(schedule: Schedule, first: dt.datetime, now: dt.datetime) -> dt.datetime:
    """The last time from `first` to now, searched for backwards, since years may have been missed."""
    window = dt.timedelta(hours=1)
    while now - window > first:
        if found := _last_between(schedule, (now - window).astimezone(first.tzinfo), now):
            return found
        window *= 8
    return _last_between(schedule, first, now) or first


def _last_between(schedule: Schedule, start: dt.datetime, now: dt.datetime) -> dt.datetime | None:
    found, time = None, schedule.after(start)
    while time is not None and time <= now:
        found, time = time, schedule.after(time)
    return found


def new_job(cron_job: Object, time: dt.datetime) -> Object:
    """The Job of one run."""
    template = cron_job["spec"]["jobTemplate"]
    metadata = template.get("metadata") or {}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": run_name(cron_job, time),
            "namespace": cron_job["metadata"]["namespace"],
            "labels": dict(metadata.get("labels") or {}),
            "annotations": (metadata.get("annotations") or {})
            | {_SCHEDULED_AT: time.isoformat().replace("+00:00", "Z")},
            "ownerReferences": [owner_reference(cron_job)],
        },
        "spec": copy.deepcopy(template["spec"]),
    }


def is_under_way(cron_job: Object, time: dt.datetime, active: Iterable[Object]) -> bool:
    """Whether the run of that time is one of those that are not over."""
    name = run_name(cron_job, time)
    return any(job["metadata"]["name"] == name for job in active)


def run_name(cron_job: Object, time: dt.datetime) -> str:
    """The CronJob's name and the minute: a run cannot be made twice."""
    return f"{cron_job['metadata']['name']}-{int(time.timestamp()) // 60}"


def is_running(job: Object) -> bool:
    """Whether it is a run of the schedule that is not over: one that a person started hinders none."""
    return _SCHEDULED_AT in annotations_of(job) and not is_over(job)


def reference(job: Object) -> Object:
    """How `status.active` names a Job."""
    metadata = job["metadata"]
    return {
        "kind": "Job",
        "apiVersion": "batch/v1",
        "namespace": metadata["namespace"],
        "name": metadata["name"],
        "uid": metadata["uid"],
        "resourceVersion": metadata["resourceVersion"],
    }


def last_success(cron_job: Object, jobs: Iterable[Object]) -> str | None:
    """When the last successful run ended."""
    ends = [(job.get("status") or {}).get("completionTime") for job in jobs]
    ends.append((cron_job.get("status") or {}).get("lastSuccessfulTime"))
    return max(filter(None, ends), default=None)


def superfluous(cron_job: Object, jobs: Sequence[Object]) -> list[Object]:
    """Ended Jobs beyond the history limits, oldest first."""
    spec, over = cron_job["spec"], [job for job in jobs if is_over(job)]
    over.sort(key=lambda job: ((job.get("status") or {}).get("startTime", ""), job["metadata"]["name"]))
    good = [job for job in over if condition_is_true(job, "Complete")]
    bad = [job for job in over if not condition_is_true(job, "Complete")]
    keep_good, keep_bad = spec.get("successfulJobsHistoryLimit", 3), spec.get("failedJobsHistoryLimit", 1)
    return good[: max(0, len(good) - keep_good)] + bad[: max(0, len(bad) - keep_bad)]
