"""Whether a pod counts for the controller that made it: active, ready, available. Pure."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable

from proa.cluster.controllers.pods import is_finished
from proa.kube import Object, condition_is_true, find_condition, is_deleting, parse_time


def is_active(pod: Object) -> bool:
    """Whether the pod has neither ended nor been told to end."""
    return not is_finished(pod) and not is_deleting(pod)


def is_ready(pod: Object) -> bool:
    return condition_is_true(pod, "Ready")


def ready_since(pod: Object) -> dt.datetime | None:
    """When the pod became ready; None when it is not."""
    condition = find_condition(pod, "Ready")
    if condition is None or condition["status"] != "True":
        return None
    since = condition.get("lastTransitionTime")
    return parse_time(since) if since else dt.datetime.min.replace(tzinfo=dt.UTC)


def time_to_available(pod: Object, min_ready_seconds: int, now: dt.datetime) -> float:
    """Seconds until the pod has been ready for long enough: 0 when it has, infinite while it is not ready."""
    since = ready_since(pod)
    if since is None:
        return math.inf
    return max(0.0, min_ready_seconds - (now - since).total_seconds()) if min_ready_seconds else 0.0


def is_available(pod: Object, min_ready_seconds: int, now: dt.datetime) -> bool:
    return time_to_available(pod, min_ready_seconds, now) == 0


def next_available(pods: Iterable[Object], min_ready_seconds: int, now: dt.datetime) -> float | None:
    """Seconds until the next ready pod becomes available; None when none will by waiting."""
    times = (time_to_available(pod, min_ready_seconds, now) for pod in pods)
    return min((left for left in times if 0 < left < math.inf), default=None)
