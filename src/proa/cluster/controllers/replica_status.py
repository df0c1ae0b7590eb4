"""What a ReplicaSet reports of its pods. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from proa.cluster.controllers.pod_health import is_active, is_available, is_ready
from proa.cluster.controllers.pods import is_finished
from proa.cluster.controllers.workload_kinds import REPLICATION_CONTROLLERS
from proa.errors import ApiError
from proa.kube import Object, is_deleting, labels_of, with_condition

_FAILURE = "ReplicaFailure"


def replica_status(owner: Object, pods: Iterable[Object], fault: ApiError | None, now: dt.datetime) -> Object:
    """`status` of the set that holds `pods`; `fault` is what kept it from having the right number."""
    pods = list(pods)
    active = [pod for pod in pods if is_active(pod)]
    wanted = ((owner["spec"]["template"].get("metadata") or {}).get("labels") or {}).items()
    min_ready = owner["spec"].get("minReadySeconds", 0)
    counts = {
        "fullyLabeledReplicas": sum(wanted <= labels_of(pod).items() for pod in active),
        "readyReplicas": sum(map(is_ready, active)),
        "availableReplicas": sum(is_available(pod, min_ready, now) for pod in active),
    }
    status: Object = {"replicas": len(active)} | {name: count for name, count in counts.items() if count}
    if owner["kind"] != REPLICATION_CONTROLLERS.kind:
        status["terminatingReplicas"] = sum(is_deleting(pod) and not is_finished(pod) for pod in pods)
    status["observedGeneration"] = owner["metadata"]["generation"]
    if conditions := _conditions(owner, len(active), fault):
        status["conditions"] = conditions
    return status


def _conditions(owner: Object, active: int, fault: ApiError | None) -> list[Object]:
    present = (owner.get("status") or {}).get("conditions") or []
    if fault is None:
        return [c for c in present if c["type"] != _FAILURE]
    if any(c["type"] == _FAILURE for c in present):
        return list(present)
    reason = "FailedCreate" if active < owner["spec"].get("replicas", 1) else "FailedDelete"
    return with_condition(present, _FAILURE, True, reason, str(fault))
