"""The next step of a StatefulSet, and what it reports. Pure.

Source: kubernetes.io, StatefulSet (deployment and scaling guarantees, update strategies).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from proa.cluster.controllers.pod_health import is_available, is_ready
from proa.cluster.controllers.pods import is_finished
from proa.cluster.controllers.rollout import resolve
from proa.cluster.controllers.stateful_pods import ordinal_of, revision_of, start_of
from proa.kube import Object, is_deleting


@dataclass
class Step:
    """Ordinals that get a pod, and pods that go."""

    create: list[int] = field(default_factory=list)
    delete: list[Object] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.create or self.delete)


class Members(NamedTuple):
    """A set's pods by number, and those with numbers that it no longer has, highest first."""

    replicas: dict[int, Object | None]
    condemned: list[Object]


class View(NamedTuple):
    """How pods are judged."""

    min_ready_seconds: int
    now: dt.datetime

    def is_available(self, pod: Object | None) -> bool:
        """Whether the pod runs, has been ready for long enough, and stays."""
        if pod is None or is_deleting(pod) or (pod.get("status") or {}).get("phase") != "Running":
            return False
        return is_available(pod, self.min_ready_seconds, self.now)


def members(owner: Object, pods: Iterable[Object]) -> Members:
    """Sort the pods of a set."""
    start = start_of(owner)
    replicas: dict[int, Object | None] = dict.fromkeys(range(start, start + owner["spec"].get("replicas", 1)))
    condemned: list[tuple[int, Object]] = []
    for pod in pods:
        number = ordinal_of(owner, pod)
        if number in replicas:
            replicas[number] = pod
        elif number is not None:
            condemned.append((number, pod))
    condemned.sort(key=lambda entry: -entry[0])
    return Members(replicas, [pod for _, pod in condemned])


def is_parallel(owner: Object) -> bool:
    return bool(owner["spec"].get("podManagementPolicy") == "Parallel")


def step(owner: Object, those: Members, view: View, newest: str) -> Step:
    """What to do now; `newest` is the name of the revision of the present template."""
    return (
        _parallel(owner, those, view, newest) if is_parallel(owner) else _ordered(owner, those, view, newest)
    )


def _ordered(owner: Object, those: Members, view: View, newest: str) -> Step:
    """One pod at a time: each waits until those before it are available."""
    for number, pod in those.replicas.items():
        if pod is None:
            return Step(create=[number])
        if is_finished(pod):
            return Step(delete=[] if is_deleting(pod) else [pod])
        if not view.is_available(pod):
            return Step()
    if those.condemned:
        last = those.condemned[0]
        healthy = all(view.is_available(pod) for pod in those.condemned[1:])
        # A pod that does not work goes only when no other that goes after it does not work either.
        blocked = is_deleting(last) or not (view.is_available(last) or healthy)
        return Step(delete=[] if blocked else [last])
    return Step(delete=_outdated(owner, those, view, newest))


def _parallel(owner: Object, those: Members, view: View, newest: str) -> Step:
    alive = [pod for pod in (*those.replicas.values(), *those.condemned) if pod and not is_deleting(pod)]
    condemned = {pod["metadata"]["uid"] for pod in those.condemned}
    going = [pod for pod in alive if is_finished(pod) or pod["metadata"]["uid"] in condemned]
    missing = [number for number, pod in those.replicas.items() if pod is None]
    return Step(missing, going) or Step(delete=_outdated(owner, those, view, newest))


def partition_of(owner: Object) -> int:
    """Pods with a lower ordinal keep their revision."""
    strategy = owner["spec"].get("updateStrategy") or {}
    return int((strategy.get("rollingUpdate") or {}).get("partition", 0))


def _outdated(owner: Object, those: Members, view: View, newest: str) -> list[Object]:
    """Pods of other revisions that go now: from the highest ordinal, and as many as may be missing."""
    strategy = owner["spec"].get("updateStrategy") or {}
    if strategy.get("type") == "OnDelete":
        return []
    most = (strategy.get("rollingUpdate") or {}).get("maxUnavailable", 1)
    left = max(1, resolve(most, owner["spec"].get("replicas", 1), up=True))
    left -= sum(not view.is_available(pod) for pod in those.replicas.values())
    going = []
    for number, pod in sorted(those.replicas.items(), reverse=True):
        if pod is None or is_deleting(pod) or number < partition_of(owner) or revision_of(pod) == newest:
            continue
        if not view.is_available(pod):
            going.append(pod)
        elif left > 0:
            going.append(pod)
            left -= 1
    return going


def needs_old_revision(owner: Object, ordinal: int) -> bool:
    """Whether a pod that is missing comes back as it was before the update under way."""
    strategy = owner["spec"].get("updateStrategy") or {}
    return strategy.get("type", "RollingUpdate") == "RollingUpdate" and ordinal < partition_of(owner)


def status(owner: Object, pods: Sequence[Object], view: View, present: str, newest: str) -> Object:
    """The StatefulSet's `status`; `present` and `newest` are names of revisions."""
    before, wanted = owner.get("status") or {}, owner["spec"].get("replicas", 1)
    staying = [revision_of(pod) for pod in pods if not is_deleting(pod)]
    ready = sum(is_ready(pod) for pod in pods)
    counts = {
        "readyReplicas": ready,
        "currentReplicas": staying.count(present),
        "updatedReplicas": staying.count(newest),
    }
    rolls = (owner["spec"].get("updateStrategy") or {}).get("type", "RollingUpdate") == "RollingUpdate"
    if rolls and counts["updatedReplicas"] == ready == wanted == len(pods):
        present, counts["currentReplicas"] = newest, counts["updatedReplicas"]
    result: Object = {
        "observedGeneration": owner["metadata"]["generation"],
        "replicas": len(pods),
        "availableReplicas": sum(map(view.is_available, pods)),
        "currentRevision": present,
        "updateRevision": newest,
        "collisionCount": before.get("collisionCount", 0),
    }
    if before.get("conditions"):
        result["conditions"] = before["conditions"]
    return result | {name: number for name, number in counts.items() if number}
