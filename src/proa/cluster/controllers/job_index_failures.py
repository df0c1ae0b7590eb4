"""Failures of single indexes of a Job with `backoffLimitPerIndex`. Pure.

How often an index failed stands in an annotation of its present pod, so a failed pod keeps its finalizer
until another has taken its place, or until the index is given up.
Source: KEP-3850; kubernetes.io, Job, backoff limit per index.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from proa.cluster.controllers.job_failure_policy import outcome
from proa.cluster.controllers.job_indexes import index_of
from proa.kube import Object, annotations_of

FAILURES = "batch.kubernetes.io/job-index-failure-count"
IGNORED = "batch.kubernetes.io/job-index-ignored-failure-count"


def limits_each_index(job: Object) -> bool:
    return job["spec"].get("backoffLimitPerIndex") is not None


def total(pod: Object) -> int:
    """Failures of the pod's index before it, ignored ones too."""
    return _count(pod, FAILURES) + _count(pod, IGNORED)


def gives_up(job: Object, pod: Object) -> bool:
    """Whether the failure of this pod is one too many for its index."""
    action = outcome(job, pod).action
    if action == "FailIndex":
        return True
    return action == "Count" and _count(pod, FAILURES) >= job["spec"]["backoffLimitPerIndex"]


def latest(failed: Iterable[Object]) -> dict[int, Object]:
    """Of these failed pods the last one of each index."""
    found: dict[int, Object] = {}
    for pod in failed:
        index = index_of(pod)
        if index is not None and (index not in found or total(found[index]) <= total(pod)):
            found[index] = pod
    return found


def next_counts(job: Object, before: Object | None) -> Mapping[str, str]:
    """Annotations of the pod that comes after the failed pod `before`; None for the first of its index."""
    if before is None:
        return {FAILURES: "0"}
    ignored = outcome(job, before).action == "Ignore"
    failures, passed_over = _count(before, FAILURES) + (not ignored), _count(before, IGNORED) + ignored
    return {FAILURES: str(failures)} | ({IGNORED: str(passed_over)} if passed_over else {})


def _count(pod: Object, name: str) -> int:
    text = annotations_of(pod).get(name, "")
    return int(text) if text.isdecimal() else 0
