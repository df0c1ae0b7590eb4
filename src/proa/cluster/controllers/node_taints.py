"""The taints that a node's conditions call for: pure."""

from __future__ import annotations

from enum import Enum

from proa.kube import Object, find_condition, now

NOT_READY = "node.kubernetes.io/not-ready"
UNREACHABLE = "node.kubernetes.io/unreachable"
UNSCHEDULABLE = "node.kubernetes.io/unschedulable"
_BY_CONDITION = {
    "MemoryPressure": "node.kubernetes.io/memory-pressure",
    "DiskPressure": "node.kubernetes.io/disk-pressure",
    "PIDPressure": "node.kubernetes.io/pid-pressure",
    "NetworkUnavailable": "node.kubernetes.io/network-unavailable",
}
_MANAGED = frozenset({NOT_READY, UNREACHABLE, UNSCHEDULABLE, *_BY_CONDITION.values()})


class Evict(Enum):
    """What becomes of the taints by which pods leave a node that is not ready."""

    BEGIN = "they are added"
    GO_ON = "those that are there stay"
    STOP = "there are none"


def wanted_taints(node: Object, evict: Evict = Evict.BEGIN) -> list[Object]:
    """All taints that the node should have; those that are not ours stay, and so does when one was added."""
    present = list(node["spec"].get("taints") or ())
    others = [taint for taint in present if taint["key"] not in _MANAGED]
    known = {(taint["key"], taint["effect"]): taint for taint in present}
    ours = [known.get((key, effect)) or _taint(key, effect) for key, effect in _called_for(node, evict)]
    return others + ours


def is_emptied(node: Object) -> bool:
    """Whether pods leave the node since it is not ready."""
    taints = node["spec"].get("taints") or ()
    return any(t["key"] in (NOT_READY, UNREACHABLE) and t["effect"] == "NoExecute" for t in taints)


def _called_for(node: Object, evict: Evict) -> list[tuple[str, str]]:
    wanted: list[tuple[str, str]] = []
    if node["spec"].get("unschedulable"):
        wanted.append((UNSCHEDULABLE, "NoSchedule"))
    for kind, key in _BY_CONDITION.items():
        if (find_condition(node, kind) or {}).get("status") == "True":
            wanted.append((key, "NoSchedule"))
    ready = (find_condition(node, "Ready") or {}).get("status", "False")
    if ready != "True":
        key = UNREACHABLE if ready == "Unknown" else NOT_READY
        wanted.append((key, "NoSchedule"))
        if evict is Evict.BEGIN or (evict is Evict.GO_ON and is_emptied(node)):
            wanted.append((key, "NoExecute"))
    return wanted


def _taint(key: str, effect: str) -> Object:
    return {"key": key, "effect": effect, "timeAdded": now()}
