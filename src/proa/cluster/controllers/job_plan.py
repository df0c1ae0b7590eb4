"""How many pods a Job has at a time, and which go. Pure."""

from __future__ import annotations

import copy
import datetime as dt

from proa.cluster.controllers import job_index_failures
from proa.cluster.controllers.job_backoff import delay, finished_at
from proa.cluster.controllers.job_indexes import INDEX, index_of
from proa.cluster.controllers.job_tracking import FINALIZER, Tally, is_indexed, waits_for_failure
from proa.cluster.controllers.pod_control import pod_from_template
from proa.cluster.controllers.pod_ranking import surplus
from proa.kube import Object, annotations_of, labels_of

_ENVIRONMENT = "JOB_COMPLETION_INDEX"


def wanted_active(job: Object, counts: Tally) -> int:
    """How many pods should be at work now."""
    spec = job["spec"]
    if spec.get("suspend"):
        return 0
    parallelism, completions = spec.get("parallelism", 1), spec.get("completions")
    if completions is None:
        return len(counts.active) if counts.succeeded else int(parallelism)
    return max(0, min(int(parallelism), int(completions) - counts.succeeded - len(counts.failed_indexes)))


def to_delete(job: Object, counts: Tally, now: dt.datetime) -> list[Object]:
    """Active pods that are too many; of an indexed Job also doubles of an index and those beyond the last."""
    doubles = _doubles(job, counts) if is_indexed(job) else []
    others = [pod for pod in counts.active if pod not in doubles]
    excess = max(0, len(others) - wanted_active(job, counts))
    return doubles + surplus(others, excess, counts.active, now)


def _doubles(job: Object, counts: Tally) -> list[Object]:
    seen, found = counts.completed | counts.failed_indexes, []
    for pod in sorted(counts.active, key=lambda pod: str(pod["metadata"].get("creationTimestamp", ""))):
        index = index_of(pod)
        if index is None or index >= job["spec"]["completions"] or index in seen:
            found.append(pod)
        else:
            seen.add(index)
    return found


def to_create(job: Object, counts: Tally, now: dt.datetime) -> tuple[list[int | None], float | None]:
    """One entry for each pod that is missing: its index, or None when the Job has no indexes.

    And, where indexes that failed wait for their time, the seconds until the first may come again.
    """
    occupied = [*counts.active, *(counts.terminating if waits_for_failure(job) else ())]
    missing = max(0, wanted_active(job, counts) - len(occupied))
    if not is_indexed(job):
        return [None] * missing, None
    taken = counts.completed | counts.failed_indexes | {index_of(pod) for pod in occupied}
    delays = {index: _delay(pod, now) for index, pod in counts.awaiting.items() if index not in taken}
    waiting = {index: delay for index, delay in delays.items() if delay > 0}
    free = (i for i in range(job["spec"]["completions"]) if i not in taken and i not in waiting)
    indexes: list[int | None] = [index for index, _ in zip(free, range(missing), strict=False)]
    return indexes, min(waiting.values(), default=None) if len(indexes) < missing else None


def job_pod(job: Object, index: int | None, before: Object | None = None) -> Object:
    """A pod of the Job, held by the finalizer until it is counted; `before` failed at its index."""
    pod = pod_from_template(job, job["spec"]["template"])
    metadata = pod["metadata"]
    metadata["finalizers"] = [*metadata.get("finalizers", ()), FINALIZER]
    if index is None:
        return pod
    name = f"{job['metadata']['name']}-{index}"
    metadata["generateName"] = f"{name}-"
    metadata["annotations"] = annotations_of(pod) | {INDEX: str(index)}
    if job_index_failures.limits_each_index(job):
        metadata["annotations"] |= job_index_failures.next_counts(job, before)
    metadata["labels"] = labels_of(pod) | {INDEX: str(index)}
    pod["spec"]["hostname"] = pod["spec"].get("hostname") or name
    _tell_index(pod["spec"])
    return pod


def _tell_index(spec: Object) -> None:
    source = {"fieldRef": {"fieldPath": f"metadata.labels['{INDEX}']"}}
    for container in (*spec["containers"], *(spec.get("initContainers") or ())):
        present = container.get("env") or []
        if not any(entry["name"] == _ENVIRONMENT for entry in present):
            container["env"] = [*present, {"name": _ENVIRONMENT, "valueFrom": copy.deepcopy(source)}]


def _delay(pod: Object, now: dt.datetime) -> float:
    """Seconds until the index of this failed pod may have another."""
    return delay(job_index_failures.total(pod) + 1, finished_at(pod), now)
