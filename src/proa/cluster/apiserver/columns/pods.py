"""Pods: READY, STATUS and RESTARTS sum up what the containers do."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from proa.cluster.apiserver.columns.column import AGE, NAME, NONE, Column, field, since, text
from proa.kube.meta import condition_is_true, is_deleting
from proa.kube.resources import Object


@dataclass
class Summary:
    """What one row says about a pod."""

    status: str
    ready: int = 0
    total: int = 0
    restarts: int = 0
    last_restart: str = ""
    """When the last container that was restarted had ended; empty when none was."""

    def count_restarts(self, container: Object) -> None:
        """Add the restarts of one container."""
        self.restarts += container.get("restartCount", 0)
        finished = field(container, "lastState", "terminated", "finishedAt")
        self.last_restart = max(self.last_restart, finished or "")


def summary(pod: Object) -> Summary:
    """Sum up a pod as kubectl shows it."""
    status, spec = pod.get("status") or {}, pod["spec"]
    sidecars = {c["name"] for c in spec.get("initContainers") or () if c.get("restartPolicy") == "Always"}
    result = Summary(status.get("reason") or status.get("phase") or "")
    result.total = len(spec["containers"]) + len(sidecars)
    if _is_gated(status):
        result.status = "SchedulingGated"
    running_sidecars = Summary("")
    if _initialise(result, running_sidecars, pod, sidecars) or condition_is_true(pod, "Initialized"):
        result.restarts, result.last_restart = running_sidecars.restarts, running_sidecars.last_restart
        _run(result, pod)
    if is_deleting(pod):
        result.status = _deleted(status, result.status)
    return result


def _is_gated(status: Object) -> bool:
    conditions = status.get("conditions") or ()
    return any(c["type"] == "PodScheduled" and c.get("reason") == "SchedulingGated" for c in conditions)


def _deleted(status: Object, shown: str) -> str:
    if status.get("reason") == "NodeLost":
        return "Unknown"
    return shown if status.get("phase") in ("Succeeded", "Failed") else "Terminating"


def _initialise(result: Summary, sidecar_summary: Summary, pod: Object, sidecars: set[str]) -> bool:
    """Look at the init containers; whether all are through."""
    total = len(pod["spec"].get("initContainers") or ())
    for index, container in enumerate(field(pod, "status", "initContainerStatuses") or ()):
        result.count_restarts(container)
        is_sidecar = container["name"] in sidecars
        if is_sidecar:
            sidecar_summary.count_restarts(container)
        state = container.get("state") or {}
        terminated = state.get("terminated")
        if terminated is not None and not terminated.get("exitCode"):
            continue
        if is_sidecar and container.get("started"):
            result.ready += bool(container.get("ready"))
            continue
        result.status = f"Init:{_init_reason(state, index, total)}"
        return False
    return True


def _init_reason(state: Object, index: int, total: int) -> str:
    if state.get("terminated") is not None:
        return _ended(state["terminated"])
    waiting = field(state, "waiting", "reason")
    return str(waiting) if waiting and waiting != "PodInitializing" else f"{index}/{total}"


def _ended(terminated: Object) -> str:
    if terminated.get("reason"):
        return str(terminated["reason"])
    if terminated.get("signal"):
        return f"Signal:{terminated['signal']}"
    return f"ExitCode:{terminated.get('exitCode', 0)}"


def _run(result: Summary, pod: Object) -> None:
    """Look at the containers, the last one first, so that the first one decides."""
    running, failed = False, ""
    for container in reversed(field(pod, "status", "containerStatuses") or ()):
        result.count_restarts(container)
        state = container.get("state") or {}
        waiting = field(state, "waiting", "reason")
        if waiting:
            result.status = waiting
        elif state.get("terminated") is not None:
            result.status = _ended(state["terminated"])
            if state["terminated"].get("exitCode"):
                failed = result.status
        elif container.get("ready") and state.get("running") is not None:
            running = True
            result.ready += 1
    if result.status == "Completed":
        result.status = _completed(pod, running, failed)


def _completed(pod: Object, running: bool, failed: str) -> str:
    if running and condition_is_true(pod, "Ready"):
        return "Running"
    return failed or ("NotReady" if running else "Completed")


def _ready(pod: Object, _now: dt.datetime) -> str:
    result = summary(pod)
    return f"{result.ready}/{result.total}"


def _status(pod: Object, _now: dt.datetime) -> str:
    return summary(pod).status


def _restarts(pod: Object, now: dt.datetime) -> str:
    result = summary(pod)
    if result.restarts and result.last_restart:
        return f"{result.restarts} ({since(result.last_restart, now)} ago)"
    return str(result.restarts)


def _ip(pod: Object, _now: dt.datetime) -> str:
    addresses = field(pod, "status", "podIPs") or ()
    return str(addresses[0].get("ip")) if addresses else NONE


def _readiness_gates(pod: Object, _now: dt.datetime) -> str:
    gates = _types(field(pod, "spec", "readinessGates") or ())
    if not gates:
        return NONE
    return f"{sum(condition_is_true(pod, gate) for gate in gates)}/{len(gates)}"


def _types(gates: Iterable[Object]) -> list[str]:
    return [gate["conditionType"] for gate in gates]


PODS = (
    NAME,
    Column("Ready", _ready),
    Column("Status", _status),
    Column("Restarts", _restarts),
    AGE,
    Column("IP", _ip, wide=True),
    text("Node", "spec", "nodeName", absent=NONE, wide=True),
    text("Nominated Node", "status", "nominatedNodeName", absent=NONE, wide=True),
    Column("Readiness Gates", _readiness_gates, wide=True),
)
