"""What a Deployment reports: numbers, Available, Progressing, ReplicaFailure. Pure.

Source: upstream's progress.go and deployment_util.go; kubernetes.io, Deployment status.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from proa.cluster.controllers.deployment_family import Family
from proa.kube import Object, find_condition, parse_time

_PROGRESSING = "Progressing"
_DONE, _TIMED_OUT = "NewReplicaSetAvailable", "ProgressDeadlineExceeded"
_PAUSED = "DeploymentPaused"
_NO_DEADLINE = 2**31 - 1

Conditions = list[Object]


def counts(family: Family) -> Object:
    """The numbers of the status; those that are 0 are left out, as upstream does."""
    statuses = [one.get("status") or {} for one in family.sets]
    new = family.new
    available = sum(status.get("availableReplicas", 0) for status in statuses)
    wanted = sum(one["spec"].get("replicas", 1) for one in family.sets)
    before = family.deployment.get("status") or {}
    numbers = {
        "observedGeneration": family.deployment["metadata"]["generation"],
        "replicas": sum(status.get("replicas", 0) for status in statuses),
        "updatedReplicas": (new.get("status") or {}).get("replicas", 0) if new else 0,
        "readyReplicas": sum(status.get("readyReplicas", 0) for status in statuses),
        "availableReplicas": available,
        "unavailableReplicas": max(0, wanted - available),
        "collisionCount": before.get("collisionCount", 0),
    }
    ending = sum(status.get("terminatingReplicas", 0) for status in statuses)
    return {k: v for k, v in numbers.items() if v} | {"terminatingReplicas": ending}


def deployment_status(family: Family, now: dt.datetime, *, found: tuple[str, str] | None = None) -> Object:
    """The whole status. `found` is reason and message of a newest ReplicaSet that just came to be."""
    status = counts(family)
    conditions = list((family.deployment.get("status") or {}).get("conditions") or ())
    conditions = _available(family, status, conditions, now)
    if _deadline(family) is None:
        conditions = _without(conditions, _PROGRESSING)
    else:
        if found is not None:
            conditions = _set(conditions, _PROGRESSING, "True", found, now)
        conditions = _pausing(family, conditions, now)
        conditions = _progress(family, status, conditions, now)
    status["conditions"] = _failure(family, conditions)
    return status


def is_complete(family: Family, status: Mapping[str, Any] | None = None) -> bool:
    """Whether all pods are of the newest template, available, and no others are left."""
    status = counts(family) if status is None else status
    names = ("updatedReplicas", "replicas", "availableReplicas")
    return all(status.get(name, 0) == family.limit.replicas for name in names)


def time_to_deadline(family: Family, status: Object, now: dt.datetime) -> float | None:
    """Seconds until a rollout under way counts as stuck; None when there is none, or it does already."""
    condition, deadline = find_condition({"status": status}, _PROGRESSING), _deadline(family)
    if condition is None or deadline is None or condition["reason"] in (_DONE, _TIMED_OUT):
        return None
    if family.deployment["spec"].get("paused"):
        return None
    return max(0.0, (parse_time(condition["lastUpdateTime"]) - now).total_seconds() + deadline) + 1


def _deadline(family: Family) -> int | None:
    seconds = family.deployment["spec"].get("progressDeadlineSeconds")
    return None if seconds is None or seconds == _NO_DEADLINE else int(seconds)


def _available(family: Family, status: Object, conditions: Conditions, now: dt.datetime) -> Conditions:
    if status.get("availableReplicas", 0) >= family.limit.least:
        said = ("MinimumReplicasAvailable", "Deployment has minimum availability.")
        return _set(conditions, "Available", "True", said, now)
    said = ("MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
    return _set(conditions, "Available", "False", said, now)


def _pausing(family: Family, conditions: Conditions, now: dt.datetime) -> Conditions:
    reason = (_find(conditions, _PROGRESSING) or {}).get("reason")
    paused = family.deployment["spec"].get("paused", False)
    if reason == _TIMED_OUT:
        return conditions
    if paused:
        return _set(conditions, _PROGRESSING, "Unknown", (_PAUSED, "Deployment is paused"), now)
    if reason == _PAUSED:
        said = ("DeploymentResumed", "Deployment is resumed")
        return _set(conditions, _PROGRESSING, "Unknown", said, now)
    return conditions


def _progress(family: Family, status: Object, conditions: Conditions, now: dt.datetime) -> Conditions:
    current = _find(conditions, _PROGRESSING) or {}
    all_new = status.get("replicas", 0) == status.get("updatedReplicas", 0)
    if family.deployment["spec"].get("paused") or (all_new and current.get("reason") == _DONE):
        return conditions
    new, name = family.new, family.deployment["metadata"]["name"]
    subject = f'ReplicaSet "{new["metadata"]["name"]}"' if new else f'Deployment "{name}"'
    if is_complete(family, status):
        said = (_DONE, f"{subject} has successfully progressed.")
        return _set(conditions, _PROGRESSING, "True", said, now)
    if _moved(family.deployment.get("status") or {}, status):
        said = ("ReplicaSetUpdated", f"{subject} is progressing.")
        return _set(conditions, _PROGRESSING, "True", said, now, again=True)
    if _is_late(family, current, now):
        said = (_TIMED_OUT, f"{subject} has timed out progressing.")
        return _set(conditions, _PROGRESSING, "False", said, now)
    return conditions


def _moved(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    def grew(name: str) -> bool:
        return bool(after.get(name, 0) > before.get(name, 0))

    def outdated(status: Mapping[str, Any]) -> int:
        return int(status.get("replicas", 0) - status.get("updatedReplicas", 0))

    names = ("updatedReplicas", "readyReplicas", "availableReplicas")
    return any(map(grew, names)) or outdated(after) < outdated(before)


def _is_late(family: Family, current: Mapping[str, Any], now: dt.datetime) -> bool:
    if not current or current["reason"] == _DONE:
        return False
    deadline = dt.timedelta(seconds=_deadline(family) or 0)
    return current["reason"] == _TIMED_OUT or now > parse_time(current["lastUpdateTime"]) + deadline


def _failure(family: Family, conditions: Conditions) -> Conditions:
    """The refusal that a ReplicaSet met, the newest one's first."""
    kept = _without(conditions, "ReplicaFailure")
    for replica_set in filter(None, (family.new, *family.old)):
        if condition := find_condition(replica_set, "ReplicaFailure"):
            return [*kept, condition | {"lastUpdateTime": condition["lastTransitionTime"]}]
    return kept


def _find(conditions: Conditions, kind: str) -> Object | None:
    return next((c for c in conditions if c["type"] == kind), None)


def _without(conditions: Conditions, kind: str) -> Conditions:
    return [c for c in conditions if c["type"] != kind]


def _set(
    conditions: Conditions,
    kind: str,
    status: str,
    said: tuple[str, str],
    now: dt.datetime,
    *,
    again: bool = False,
) -> Conditions:
    """With the condition; one of the same status and reason stays as it is, unless said `again`."""
    old, (reason, message) = _find(conditions, kind), said
    if old and not again and (old["status"], old["reason"]) == (status, reason):
        return conditions
    time = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    condition = {
        "type": kind,
        "status": status,
        "lastUpdateTime": time,
        "lastTransitionTime": old["lastTransitionTime"] if old and old["status"] == status else time,
        "reason": reason,
        "message": message,
    }
    return [*_without(conditions, kind), condition]
