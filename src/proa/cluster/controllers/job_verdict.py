"""Whether a Job is over, and its conditions. Pure.

Source: kubernetes.io, Job (termination and clean-up); upstream's job_controller.go.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import NamedTuple

from proa.cluster.controllers import job_failure_policy, job_success_policy
from proa.cluster.controllers.job_tracking import Tally, has_failed
from proa.kube import Object, condition_is_true, find_condition, parse_time, with_condition

_BACKOFF = "BackoffLimitExceeded", "Job has reached the specified backoff limit"
_DEADLINE = "DeadlineExceeded", "Job was active longer than specified deadline"
_INDEXES = "FailedIndexes", "Job has failed indexes"
_MANY_INDEXES = "MaxFailedIndexesExceeded", "Job has exceeded the specified maximal number of failed indexes"
_REACHED = "CompletionsReached", "Reached expected number of succeeded pods"


class Verdict(NamedTuple):
    """The end of a Job, and why."""

    succeeded: bool
    reason: str
    message: str


def is_over(job: Object) -> bool:
    """Whether the Job is Complete or Failed."""
    return condition_is_true(job, "Complete") or condition_is_true(job, "Failed")


def finish_time(job: Object) -> dt.datetime | None:
    """When the Job ended; None while it has not."""
    for kind in ("Complete", "Failed"):
        if condition_is_true(job, kind):
            return parse_time((find_condition(job, kind) or {})["lastTransitionTime"])
    return None


def verdict(job: Object, pods: Iterable[Object], counts: Tally, now: dt.datetime) -> Verdict | None:
    """The end that the Job has come to; one that was once declared stands."""
    for kind in ("SuccessCriteriaMet", "FailureTarget"):
        if condition_is_true(job, kind):
            condition = find_condition(job, kind) or {}
            return Verdict(kind == "SuccessCriteriaMet", condition["reason"], condition.get("message", ""))
    pods, limit = list(pods), job["spec"].get("backoffLimit", 6)
    for pod in pods:
        if has_failed(job, pod) and (message := job_failure_policy.outcome(job, pod).message):
            return Verdict(False, "PodFailurePolicy", message)
    if counts.failed > limit or _restarts_exceed(job, pods, limit):
        return Verdict(False, *_BACKOFF)
    left = time_to_deadline(job, now)
    if left is not None and left <= 0:
        return Verdict(False, *_DEADLINE)
    return _by_indexes(job, counts) or (Verdict(True, *_REACHED) if _is_complete(job, counts) else None)


def _by_indexes(job: Object, counts: Tally) -> Verdict | None:
    """The end of an indexed Job that single indexes bring about."""
    most, completions = job["spec"].get("maxFailedIndexes"), job["spec"].get("completions")
    if most is not None and len(counts.failed_indexes) > most:
        return Verdict(False, *_MANY_INDEXES)
    rule = job_success_policy.matched_rule(job, counts.completed)
    if rule is not None:
        return Verdict(True, "SuccessPolicy", f"Matched rules at index {rule}")
    if counts.failed_indexes and len(counts.completed | counts.failed_indexes) >= completions:
        return Verdict(False, *_INDEXES)
    return None


def _is_complete(job: Object, counts: Tally) -> bool:
    completions = job["spec"].get("completions")
    if completions is None:
        return counts.succeeded > 0 and not counts.active
    return bool(counts.succeeded >= completions)


def _restarts_exceed(job: Object, pods: Iterable[Object], limit: int) -> bool:
    """For pods that the kubelet restarts, its restarts count."""
    if job["spec"]["template"]["spec"].get("restartPolicy") != "OnFailure":
        return False
    total = 0
    for pod in pods:
        status = pod.get("status") or {}
        if status.get("phase") in ("Running", "Pending"):
            statuses = [
                *(status.get("containerStatuses") or ()),
                *(status.get("initContainerStatuses") or ()),
            ]
            total += sum(container.get("restartCount", 0) for container in statuses)
    return total >= limit if limit else total > 0


def time_to_deadline(job: Object, now: dt.datetime) -> float | None:
    """Seconds until `activeDeadlineSeconds` have passed; None without a deadline or while suspended."""
    seconds, start = job["spec"].get("activeDeadlineSeconds"), (job.get("status") or {}).get("startTime")
    if seconds is None or start is None or job["spec"].get("suspend"):
        return None
    return float(seconds - (now - parse_time(start)).total_seconds())


def conditions(job: Object, end: Verdict | None, *, settled: bool) -> list[Object]:
    """The Job's conditions. The end itself is told when it is `settled`: nothing runs, all is counted."""
    present = list((job.get("status") or {}).get("conditions") or ())
    if end is None:
        return _suspension(job, present)
    kinds = ("SuccessCriteriaMet", "Complete") if end.succeeded else ("FailureTarget", "Failed")
    for kind in kinds if settled else kinds[:1]:
        if not condition_is_true(job, kind):
            present = _with(present, kind, True, end.reason, end.message)
    return present


def _suspension(job: Object, present: list[Object]) -> list[Object]:
    if job["spec"].get("suspend"):
        suspended = condition_is_true(job, "Suspended")
        return present if suspended else _with(present, "Suspended", True, "JobSuspended", "Job suspended")
    if condition_is_true(job, "Suspended"):
        return _with(present, "Suspended", False, "JobResumed", "Job resumed")
    return present


def _with(present: list[Object], kind: str, status: bool, reason: str, message: str) -> list[Object]:
    conditions = with_condition(present, kind, status, reason, message)
    conditions[-1]["lastProbeTime"] = conditions[-1]["lastTransitionTime"]
    return conditions
