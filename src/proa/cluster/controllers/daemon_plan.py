"""Which pods a DaemonSet makes and deletes next, and what it reports. Pure.

Source: kubernetes.io, perform a rolling update on a DaemonSet; upstream's update.go.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from proa.cluster.controllers.daemon_placement import Slot
from proa.cluster.controllers.pod_health import is_available, is_ready
from proa.cluster.controllers.pods import is_finished
from proa.cluster.controllers.revisions import HASH_LABEL
from proa.cluster.controllers.rollout import resolve
from proa.kube import Object, is_deleting, labels_of


@dataclass
class Plan:
    """Nodes that get a pod, and pods that go."""

    create: list[str] = field(default_factory=list)
    delete: list[Object] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.create or self.delete)


class Limits(NamedTuple):
    """How many pods may be too many, or missing, during an update."""

    surge: int
    unavailable: int


class View(NamedTuple):
    """How pods are judged."""

    digest: str
    min_ready_seconds: int
    now: dt.datetime

    def is_new(self, pod: Object) -> bool:
        return labels_of(pod).get(HASH_LABEL) == self.digest

    def is_available(self, pod: Object | None) -> bool:
        return pod is not None and is_available(pod, self.min_ready_seconds, self.now)


def limits(strategy: Mapping[str, Any], nodes: int) -> Limits:
    """The limits of an update strategy for that many nodes; one of them is above 0."""
    if strategy.get("type", "RollingUpdate") != "RollingUpdate":
        return Limits(0, 0)
    rolling = strategy.get("rollingUpdate") or {}
    surge = resolve(rolling.get("maxSurge", 0), nodes, up=True)
    unavailable = resolve(rolling.get("maxUnavailable", 1), nodes, up=True)
    return Limits(surge, unavailable or (0 if surge else 1))


def keep(slots: Sequence[Slot], view: View, *, surges: bool) -> Plan:
    """One working pod on each node where one belongs; during a surge a new one beside the old."""
    plan = Plan()
    for slot in slots:
        alive = [pod for pod in slot.pods if not is_deleting(pod)]
        working = [pod for pod in alive if not is_finished(pod)]
        if not slot.stays:
            plan.delete += alive
            continue
        plan.delete += [pod for pod in alive if is_finished(pod)]
        # Without surge even a pod that is ending keeps its node: two must never run there at a time.
        if slot.runs and not (working if surges else slot.pods):
            plan.create.append(slot.name)
        plan.delete += _excess_of_surge(working, view) if surges else working[1:]
    return plan


def _excess_of_surge(working: Sequence[Object], view: View) -> list[Object]:
    new = [pod for pod in working if view.is_new(pod)]
    old = [pod for pod in working if not view.is_new(pod)]
    excess = new[1:] + old[1:]
    if new and old and (not is_ready(old[0]) or view.is_available(new[0])):
        excess.append(old[0])
    return excess


def update(slots: Sequence[Slot], view: View, limit: Limits) -> Plan:
    """The next step towards pods of the present template."""
    return _surge(slots, view, limit.surge) if limit.surge else _replace(slots, view, limit.unavailable)


def _pair(slot: Slot, view: View) -> tuple[Object | None, Object | None]:
    """The node's new and old pod."""
    alive = [pod for pod in slot.pods if not is_deleting(pod)]
    new = next((pod for pod in alive if view.is_new(pod)), None)
    return new, next((pod for pod in alive if not view.is_new(pod)), None)


def _replace(slots: Sequence[Slot], view: View, unavailable: int) -> Plan:
    """Old pods go first where they do not work, then as many as may be missing."""
    broken, candidates, missing = [], [], 0
    for slot in slots:
        if not slot.pods:
            continue
        new, old = _pair(slot, view)
        if old is not None and new is None and view.is_available(old):
            candidates.append(old)
        elif old is not None and new is None:
            broken.append(old)
            missing += 1
        elif not view.is_available(new) or old is not None:
            missing += 1
    return Plan(delete=broken + candidates[: max(0, unavailable - missing)])


def _surge(slots: Sequence[Slot], view: View, surge: int) -> Plan:
    """New pods come beside old ones, at once where the old does not work."""
    plan, surging = Plan(), 0
    candidates: list[str] = []
    leaving: list[Object] = []
    for slot in slots:
        new, old = _pair(slot, view)
        if old is None:
            continue
        if new is not None and view.is_available(new):
            plan.delete.append(old)
        elif new is not None:
            surging += 1
        elif slot.runs:
            (candidates if view.is_available(old) else plan.create).append(slot.name)
        else:
            (leaving if view.is_available(old) else plan.delete).append(old)
    plan.create += candidates[: max(0, surge - surging)]
    # Where none belongs any more, old pods go only as far as others are available in their place.
    available = sum(any(map(view.is_available, slot.pods)) for slot in slots)
    plan.delete += leaving[: max(0, available - sum(slot.runs for slot in slots))]
    return plan


def status(owner: Object, slots: Sequence[Slot], view: View) -> Object:
    """The DaemonSet's `status`."""
    running = [slot for slot in slots if slot.runs]
    first = [slot.pods[0] for slot in running if slot.pods]
    available = sum(map(view.is_available, first))
    result: Object = {
        "currentNumberScheduled": len(first),
        "numberMisscheduled": sum(bool(slot.pods) and not slot.runs for slot in slots),
        "desiredNumberScheduled": len(running),
        "numberReady": sum(map(is_ready, first)),
        "observedGeneration": owner["metadata"]["generation"],
    }
    more = {
        "updatedNumberScheduled": sum(map(view.is_new, first)),
        "numberAvailable": available,
        "numberUnavailable": len(running) - available,
        "collisionCount": (owner.get("status") or {}).get("collisionCount", 0),
    }
    return result | {name: number for name, number in more.items() if number}
