"""When a failed pod of a Job is replaced: 10 s after the first failure, doubling until one succeeds.

Source: kubernetes.io, Job, pod backoff failure policy; kubernetes pkg/controller/job/backoff_utils.go.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from proa.cluster.controllers import job_index_failures
from proa.cluster.controllers.job_tracking import has_failed, is_tracked
from proa.kube import Object, find_condition, is_deleting, parse_time

_FIRST_DELAY, _LONGEST_DELAY = 10.0, 600.0


class Backoff:
    """Remembers the failures of each Job since its last success, also of pods that are gone."""

    def __init__(self) -> None:
        self._failures: dict[str, dict[str, dt.datetime]] = {}

    def forget(self, key: str) -> None:
        """The Job is gone."""
        self._failures.pop(key, None)

    def left(self, key: str, job: Object, pods: Iterable[Object], now: dt.datetime) -> float:
        """Seconds until a failed pod is replaced.

        None of it where each index has a limit, and so a delay, of its own.
        """
        if job_index_failures.limits_each_index(job):
            return 0.0
        pods, failures = list(pods), self._failures.setdefault(key, {})
        failures |= {pod["metadata"]["uid"]: finished_at(pod) for pod in pods if _counts(job, pod)}
        done = (pod for pod in pods if (pod.get("status") or {}).get("phase") == "Succeeded")
        last_success = max(map(finished_at, done), default=dt.datetime.min.replace(tzinfo=dt.UTC))
        for uid in [uid for uid, at in failures.items() if at <= last_success]:
            del failures[uid]
        return delay(len(failures), max(failures.values()), now) if failures else 0.0


def _counts(job: Object, pod: Object) -> bool:
    """Whether the pod has failed; one that the Job itself ends has no finalizer any more."""
    ended = (pod.get("status") or {}).get("phase") == "Failed"
    return ended or (has_failed(job, pod) and is_tracked(pod))


def delay(failures: int, last: dt.datetime, now: dt.datetime) -> float:
    """Seconds that are left after so many failures, the last of them then."""
    whole = min(_FIRST_DELAY * 2.0 ** min(failures - 1, 32), _LONGEST_DELAY)
    return max(0.0, whole - (now - last).total_seconds())


def finished_at(pod: Object) -> dt.datetime:
    """When the last container ended; if that is not known, when the pod was no longer ready, or deleted."""
    statuses = (pod.get("status") or {}).get("containerStatuses") or ()
    ends = [((c.get("state") or {}).get("terminated") or {}).get("finishedAt") for c in statuses]
    if ends and all(ends):
        return max(parse_time(str(end)) for end in ends)
    metadata, ready = pod["metadata"], find_condition(pod, "Ready") or {}
    if ready.get("status") == "False" and ready.get("lastTransitionTime"):
        return parse_time(ready["lastTransitionTime"])
    if is_deleting(pod):
        grace = dt.timedelta(seconds=metadata.get("deletionGracePeriodSeconds") or 0)
        return parse_time(metadata["deletionTimestamp"]) - grace
    return parse_time(metadata["creationTimestamp"])
