"""What a pod's status says of its resize (source: PodResizePending, PodResizeInProgress). Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass

from proa.cluster.kubelet.pods import init_containers, main_containers
from proa.kube import Object, with_condition

PENDING, IN_PROGRESS = "PodResizePending", "PodResizeInProgress"
DEFERRED, INFEASIBLE, ERROR = "Deferred", "Infeasible", "Error"


@dataclass(frozen=True, slots=True)
class Mark:
    """That a resize is pending or in progress; `generation` is that of the pod that asked for it."""

    generation: int
    reason: str = ""
    message: str = ""


def mark_in(pod: Object, kind: str) -> Mark | None:
    """The mark that a pod's status shows, left by an earlier kubelet."""
    for condition in (pod.get("status") or {}).get("conditions") or ():
        if condition["type"] == kind and condition["status"] == "True":
            reason, message = (condition.get(field, "") for field in ("reason", "message"))
            return Mark(condition.get("observedGeneration", 0), reason, message)
    return None


def with_mark(conditions: list[Object], kind: str, mark: Mark | None) -> list[Object]:
    """A new list in which the condition stands as long as there is a mark."""
    if mark is None:
        return [condition for condition in conditions if condition["type"] != kind]
    return with_condition(
        conditions, kind, True, mark.reason, mark.message, observedGeneration=mark.generation
    )


def summary(pod: Object, generation: int, error: str = "") -> str:
    """The end of an Event's message: the resources that it is about."""
    parts: Object = {}
    for key, containers in (("initContainers", init_containers(pod)), ("containers", main_containers(pod))):
        if containers:
            parts[key] = [{"name": c["name"], "resources": _plain(c)} for c in containers]
    parts["generation"] = generation
    return json.dumps(parts | ({"error": error} if error else {}), separators=(",", ":"))


def _plain(container: Object) -> Object:
    resources = container.get("resources") or {}
    parts = (part for part in ("limits", "requests") if resources.get(part))
    return {part: dict(sorted(resources[part].items())) for part in parts}
