"""Counting a Job's finished pods once each, even when pods are deleted at any moment. Pure.

A pod carries a finalizer until it is counted. Its uid stands in `status.uncountedTerminatedPods`
before the finalizer goes, and moves into the counts after it is gone.
Source: kubernetes.io, Job, job tracking with finalizers.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from proa.cluster.controllers import job_failure_policy, job_index_failures
from proa.cluster.controllers.job_indexes import format_indexes, index_of, parse_indexes
from proa.cluster.controllers.pod_health import is_active, is_ready
from proa.cluster.controllers.pods import is_finished
from proa.kube import Object, condition_is_true, is_deleting

FINALIZER = "batch.kubernetes.io/job-tracking"


@dataclass
class Tally:
    """A Job's pods and its counts, uncounted pods included."""

    active: list[Object] = field(default_factory=list)
    terminating: list[Object] = field(default_factory=list)
    succeeded: int = 0
    failed: int = 0
    completed: set[int] = field(default_factory=set)
    """Indexes that are done, of an indexed Job."""
    failed_indexes: set[int] = field(default_factory=set)
    """Indexes that are given up, of a Job with `backoffLimitPerIndex`."""
    awaiting: dict[int, Object] = field(default_factory=dict)
    """By index the failed pod that another is to replace; its finalizer stays so long."""
    status: Object = field(default_factory=dict)
    """succeeded, failed, the indexes and uncountedTerminatedPods, as they are to be stored."""
    released: list[Object] = field(default_factory=list)
    """Pods whose finalizer goes as soon as the status is stored."""


def is_tracked(pod: Object) -> bool:
    return FINALIZER in (pod["metadata"].get("finalizers") or ())


def is_indexed(job: Object) -> bool:
    return bool(job["spec"].get("completionMode") == "Indexed")


def waits_for_failure(job: Object) -> bool:
    """Whether a pod is replaced only when it has failed, not while it is ending."""
    return bool(job["spec"].get("podReplacementPolicy") == "Failed")


def has_failed(job: Object, pod: Object) -> bool:
    """Whether the pod counts as failed: one that is ending too, unless the Job waits for the end."""
    phase = (pod.get("status") or {}).get("phase")
    if phase == "Failed":
        return True
    return is_deleting(pod) and phase != "Succeeded" and not waits_for_failure(job)


def tally(job: Object, pods: Iterable[Object], *, failing: bool = False) -> Tally:
    """Count the pods on top of what the Job's status holds.

    When the Job is `failing`, pods that it ends now count as failed.
    """
    pods, status = list(pods), job.get("status") or {}
    result = Tally(
        active=[pod for pod in pods if is_active(pod)],
        terminating=[pod for pod in pods if is_deleting(pod) and not is_finished(pod)],
    )
    tracked = {pod["metadata"]["uid"]: pod for pod in pods if is_tracked(pod)}
    uncounted = status.get("uncountedTerminatedPods") or {}
    pending = {kind: [uid for uid in uncounted.get(kind) or () if uid in tracked] for kind in _KINDS}
    counted = {
        kind: status.get(kind, 0) + len(uncounted.get(kind) or ()) - len(pending[kind]) for kind in _KINDS
    }
    known = {uid for uids in pending.values() for uid in uids}
    for uid, pod in tracked.items():
        kind = _kind(job, pod) or ("failed" if failing else "")
        if kind in _KINDS and uid not in known:
            pending[kind].append(uid)
        if kind or uid in known:
            result.released.append(pod)
    result.succeeded, result.failed = (counted[kind] + len(pending[kind]) for kind in _KINDS)
    result.status = _stored(counted, pending)
    if is_indexed(job):
        _complete_indexes(job, pods, result)
    if job_index_failures.limits_each_index(job):
        _fail_indexes(job, pods, result)
    return result


_KINDS = ("succeeded", "failed")


def _kind(job: Object, pod: Object) -> str:
    """As what the pod counts; `ignored` is let go without counting."""
    if (pod.get("status") or {}).get("phase") == "Succeeded":
        return "succeeded"
    if not has_failed(job, pod):
        return ""
    return "ignored" if job_failure_policy.outcome(job, pod).action == "Ignore" else "failed"


def _stored(counted: dict[str, int], pending: dict[str, list[str]]) -> Object:
    status: Object = {kind: number for kind, number in counted.items() if number}
    return status | {
        "uncountedTerminatedPods": {kind: sorted(uids) for kind, uids in pending.items() if uids}
    }


def _complete_indexes(job: Object, pods: Iterable[Object], result: Tally) -> None:
    """An index that succeeded twice counts once."""
    completions = job["spec"].get("completions", 1)
    result.completed = parse_indexes((job.get("status") or {}).get("completedIndexes", ""), completions)
    for pod in pods:
        index = index_of(pod)
        if index is not None and index < completions and _kind(job, pod) == "succeeded":
            result.completed.add(index)
    result.succeeded = len(result.completed)
    result.status.pop("succeeded", None)
    if result.completed:
        result.status |= {
            "succeeded": result.succeeded,
            "completedIndexes": format_indexes(result.completed),
        }


def _fail_indexes(job: Object, pods: Iterable[Object], result: Tally) -> None:
    completions = job["spec"].get("completions", 1)
    result.failed_indexes = parse_indexes((job.get("status") or {}).get("failedIndexes", ""), completions)
    failed = [pod for pod in pods if is_tracked(pod) and has_failed(job, pod)]
    # Once the Job itself fails, it ends the pods of the other indexes, which did not fail.
    for pod in () if condition_is_true(job, "FailureTarget") else failed:
        index = index_of(pod)
        if index is not None and index < completions and job_index_failures.gives_up(job, pod):
            result.failed_indexes.add(index)
    result.failed_indexes -= result.completed
    # A present pod knows the failures before it; where there is none, the last failed one must.
    over = result.completed | result.failed_indexes | {index_of(pod) for pod in result.active}
    last = job_index_failures.latest(failed)
    result.awaiting = {index: pod for index, pod in last.items() if index not in over}
    held = {pod["metadata"]["uid"] for pod in result.awaiting.values()}
    result.released = [pod for pod in result.released if pod["metadata"]["uid"] not in held]
    result.status["failedIndexes"] = format_indexes(result.failed_indexes)


def ready_count(result: Tally) -> int:
    return sum(map(is_ready, result.active))
