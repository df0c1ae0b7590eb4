"""Which pods of a set go first when there are too many. Pure.

Source: upstream's ActivePodsWithRanks; kubernetes.io, ReplicaSet, pod deletion cost.
"""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter
from collections.abc import Iterable, Sequence

from proa.cluster.controllers.pod_health import ready_since
from proa.kube import Object, annotations_of, parse_time

DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"
_PHASES = {"Pending": 0, "Unknown": 1, "Running": 2}


def surplus(pods: Sequence[Object], count: int, related: Iterable[Object], now: dt.datetime) -> list[Object]:
    """The `count` pods that are missed least.

    In this order: not bound to a node, not running, not ready, of low deletion cost, on a node with
    many `related` pods, ready for a short time, often restarted, young. Ages count by magnitude
    only, so that not always the same generation of pods goes.
    """
    together = Counter(node for pod in related if (node := pod["spec"].get("nodeName")))
    return sorted(pods, key=lambda pod: _rank(pod, together, now))[:count]


def _rank(pod: Object, together: Counter[str], now: dt.datetime) -> tuple[object, ...]:
    node, since = pod["spec"].get("nodeName") or "", ready_since(pod)
    metadata, status = pod["metadata"], pod.get("status") or {}
    created = metadata.get("creationTimestamp")
    return (
        bool(node),
        _PHASES.get(status.get("phase", "Unknown"), 1),
        since is not None,
        deletion_cost(pod),
        -together[node],
        _magnitude(since, now),
        -_restarts(status),
        _magnitude(parse_time(created) if created else None, now),
        metadata["uid"],
    )


def deletion_cost(pod: Object) -> int:
    """The pod's cost by annotation; 0 when there is none, or none that is a number."""
    try:
        return int(annotations_of(pod).get(DELETION_COST, "0"))
    except ValueError:
        return 0


def _restarts(status: Object) -> int:
    return max((int(c.get("restartCount", 0)) for c in status.get("containerStatuses") or ()), default=0)


def _magnitude(since: dt.datetime | None, now: dt.datetime) -> int:
    """The power of two of the age in nanoseconds, as upstream counts; 0 for none."""
    age = (now - since).total_seconds() * 1e9 if since is not None else 0
    return int(math.log2(age)) if age >= 1 else 0
