"""What a delete request does to an object: remove it, mark it, or nothing more. Pure.

Source: apiserver pkg/registry/rest/delete.go, pkg/registry/generic/registry/store.go; pod strategy.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from proa.cluster.apiserver.custom import lifecycle
from proa.cluster.apiserver.options import DeleteOptions
from proa.cluster.apiserver.target import Target
from proa.kube.meta import now, parse_time
from proa.kube.resources import Object

ORPHAN = "orphan"
FOREGROUND = "foregroundDeletion"
_WITHOUT_GRACE = ("namespaces", lifecycle.QUALIFIED)
"""Kinds whose deletion upstream begins by itself, and notes no grace."""
_DEFAULT_POD_GRACE = 30


def is_held(obj: Object) -> bool:
    """Whether finalizers (of a namespace, those of its spec too) keep a deleted object there."""
    of_namespace = obj["kind"] == "Namespace" and (obj.get("spec") or {}).get("finalizers")
    return bool(obj["metadata"].get("finalizers") or of_namespace)


def is_finished(obj: Object) -> bool:
    """Whether nothing keeps an object that is being deleted: its last finalizer is gone, its grace over."""
    fields = obj["metadata"]
    return "deletionTimestamp" in fields and not fields.get("deletionGracePeriodSeconds") and not is_held(obj)


def marked(obj: Object, target: Target, options: DeleteOptions) -> Object | None:
    """The object as it stays for now, changed in place; None when it goes at once."""
    if target.qualified == lifecycle.QUALIFIED:
        lifecycle.begin_deletion(obj)
    _set_finalizers(obj, options.propagation or ("Orphan" if target.kind.orphans else ""))
    grace = _grace(obj, target, options)
    if not grace and not is_held(obj):
        return None
    fields = obj["metadata"]
    if "deletionTimestamp" not in fields or grace < fields.get("deletionGracePeriodSeconds", 0):
        _set_deadline(fields, grace)
        if target.kind.generation:
            fields["generation"] = fields.get("generation", 0) + 1
    if target.qualified in _WITHOUT_GRACE:
        fields.pop("deletionGracePeriodSeconds", None)
    if obj["kind"] == "Namespace":
        obj["status"] = {**(obj.get("status") or {}), "phase": "Terminating"}
    return obj


def gone(obj: Object, target: Target) -> Object:
    """The last state of an object that goes at once, changed in place: a pod's grace is over."""
    if target.qualified == "pods":
        _set_deadline(obj["metadata"], 0)
        obj["metadata"]["generation"] = obj["metadata"].get("generation", 0) + 1
    return obj


def _set_finalizers(obj: Object, propagation: str) -> None:
    wanted = {"Orphan": ORPHAN, "Foreground": FOREGROUND}.get(propagation)
    finalizers = list(obj["metadata"].get("finalizers") or ())
    if propagation:
        finalizers = [item for item in finalizers if item not in (ORPHAN, FOREGROUND)]
    if wanted:
        finalizers.append(wanted)
    obj["metadata"]["finalizers"] = finalizers
    if not finalizers:
        del obj["metadata"]["finalizers"]


def _set_deadline(fields: dict[str, Any], grace: int) -> None:
    """Start the countdown, or shorten the one under way."""
    begun = fields.get("deletionTimestamp")
    start = dt.datetime.now(dt.UTC)
    if begun is not None:
        start = parse_time(begun) - dt.timedelta(seconds=fields.get("deletionGracePeriodSeconds", 0))
    end = start + dt.timedelta(seconds=grace)
    fields["deletionTimestamp"] = end.strftime("%Y-%m-%dT%H:%M:%SZ") if grace else begun or now()
    fields["deletionGracePeriodSeconds"] = grace


def _grace(obj: Object, target: Target, options: DeleteOptions) -> int:
    period = _GRACE.get(target.qualified)
    return period(obj, options.grace_period_seconds) if period else 0


def _pod_grace(pod: Object, wanted: int | None) -> int:
    """Seconds until the kubelet must be done: none for a pod that no kubelet runs."""
    spec, status = pod["spec"], pod.get("status") or {}
    if not spec.get("nodeName") or status.get("phase") in ("Succeeded", "Failed"):
        return 0
    grace = int(spec.get("terminationGracePeriodSeconds", _DEFAULT_POD_GRACE)) if wanted is None else wanted
    under_way = pod["metadata"].get("deletionGracePeriodSeconds")
    return grace if under_way is None else min(grace, under_way)


_GRACE: dict[str, Callable[[Object, int | None], int]] = {"pods": _pod_grace}
