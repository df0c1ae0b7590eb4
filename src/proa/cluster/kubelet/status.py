"""The status of a pod, computed from what was seen (source: pkg/kubelet/kubelet_pods.go). Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from proa.cluster.kubelet.conditions import pod_conditions
from proa.cluster.kubelet.cri import ContainerState, ContainerStatus
from proa.cluster.kubelet.observation import PodObservation
from proa.cluster.kubelet.pod_addresses import pod_addresses
from proa.cluster.kubelet.pods import (
    ephemeral_containers,
    init_containers,
    is_host_network,
    is_sidecar,
    main_containers,
)
from proa.cluster.kubelet.problems import ContainerProblem
from proa.cluster.kubelet.resize.conditions import Mark, with_mark
from proa.cluster.kubelet.resources import qos_class
from proa.cluster.kubelet.restart_policy import restarts_after
from proa.kube import Object, is_deleting

FINAL_PHASES = frozenset({"Succeeded", "Failed"})


@dataclass(frozen=True)
class StatusInputs:
    """All that the status is made of, besides the pod."""

    seen: PodObservation
    node_ips: Sequence[str]
    """The primary one first."""
    started_at: str
    """When this kubelet accepted the pod, RFC 3339."""
    is_ready: Callable[[ContainerStatus], bool] = lambda _: True
    has_started: Callable[[ContainerStatus], bool] = lambda _: True
    termination_message: Callable[[ContainerStatus], str] = lambda _: ""
    problems: Mapping[str, ContainerProblem] = field(default_factory=dict)
    """By container name, why it does not start."""
    failure: tuple[str, str] | None = None
    """Reason and message of a pod that the kubelet gave up, as DeadlineExceeded."""
    resources: Callable[[ContainerStatus], Object | None] = lambda _: None
    """What a running container has now, when that is not what its spec says."""
    resize: Mapping[str, Mark | None] = field(default_factory=dict)
    """By condition type, how far a resize is."""


def rejected_status(pod: Object, started_at: str, reason: str, message: str) -> Object:
    """The `status` of a pod that was never begun: nothing is said of its containers."""
    reported = pod.get("status") or {}
    status = {
        "observedGeneration": pod["metadata"].get("generation"),
        "phase": "Failed",
        "reason": reason,
        "message": f"Pod was rejected: {message}",
        "conditions": reported.get("conditions"),
        "startTime": started_at,
        "qosClass": reported.get("qosClass") or qos_class(pod),
    }
    return {key: value for key, value in status.items() if value}


def pod_status(pod: Object, inputs: StatusInputs) -> Object:
    """The new `status`; conditions that are not the kubelet's own stay as they are.

    The resources in the pod's spec are those that it has been given. A pod that has been given up is not
    ready from then on, but has failed only when none of its containers runs any more.
    """
    initial = [_container_status(pod, c, inputs) for c in init_containers(pod)]
    main = [_container_status(pod, c, inputs) for c in main_containers(pod)]
    added = [_container_status(pod, c, inputs) for c in ephemeral_containers(pod)]
    reported = pod.get("status") or {}
    phase, failure = _final(reported, inputs) or (pod_phase(pod, initial, main), None)
    ending = bool(inputs.failure and inputs.seen.running)
    ips = _addresses(pod, inputs)
    conditions = pod_conditions(
        pod,
        phase,
        initial,
        main,
        sandbox_ready=bool(inputs.seen.ready_sandbox),
        failure=None if ending else inputs.failure,
    )
    for kind, mark in inputs.resize.items():
        conditions = with_mark(conditions, kind, None if phase in FINAL_PHASES else mark)
    own = pod["spec"].get("resources") or {}
    status: dict[str, Any] = {
        "observedGeneration": pod["metadata"].get("generation"),
        "phase": reported.get("phase", phase) if ending else phase,
        "conditions": conditions,
        "hostIP": inputs.node_ips[0],
        "hostIPs": [{"ip": ip} for ip in inputs.node_ips],
        "podIP": ips[0] if ips else None,
        "podIPs": [{"ip": ip} for ip in ips],
        "startTime": inputs.started_at,
        "initContainerStatuses": initial,
        "containerStatuses": main,
        "ephemeralContainerStatuses": added,
        "resources": own or None,
        "allocatedResources": own.get("requests"),
        "qosClass": reported.get("qosClass") or qos_class(pod),
    }
    if failure and not ending:
        status["reason"], status["message"] = failure
    return {key: value for key, value in status.items() if value not in (None, [])}


def _final(reported: Object, inputs: StatusInputs) -> tuple[str, tuple[str, str] | None] | None:
    """The phase and the reason that nothing can change any more; None as long as the pod is alive."""
    if reported.get("phase") in FINAL_PHASES:
        reason = reported.get("reason")
        return reported["phase"], (reason, reported.get("message", "")) if reason else None
    return ("Failed", inputs.failure) if inputs.failure else None


def _addresses(pod: Object, inputs: StatusInputs) -> Sequence[str]:
    """The pod's addresses; once the sandbox is gone, those that it had."""
    own = is_host_network(pod)
    if inputs.seen.sandbox if own else inputs.seen.ips:
        return pod_addresses(pod, inputs.seen, inputs.node_ips)
    return [] if own else [entry["ip"] for entry in (pod.get("status") or {}).get("podIPs") or ()]


def pod_phase(pod: Object, initial: Sequence[Object], main: Sequence[Object]) -> str:
    """Pending, Running, Succeeded or Failed."""
    started = [(s, c) for s, c in zip(initial, init_containers(pod), strict=True) if not is_sidecar(c)]
    inits = [s for s, _ in started]
    sidecars = [s for s, c in zip(initial, init_containers(pod), strict=True) if is_sidecar(c)]
    if any(_failed(pod, c, s) for s, c in started):
        return "Failed"
    began = any("waiting" not in s["state"] or s.get("lastState") for s in main)
    if not began and any(_exit_code(s) != 0 for s in inits):
        return "Pending"
    if not began and any(not s.get("started") for s in sidecars):
        return "Pending"
    if any("waiting" in s["state"] and not s.get("lastState") for s in main):
        return "Pending"
    if any("running" in s["state"] or "waiting" in s["state"] for s in main):
        return "Running"
    ended = [(c, _exit_code(s) or 0) for s, c in zip(main, main_containers(pod), strict=True)]
    if not is_deleting(pod) and any(restarts_after(pod, c, code) for c, code in ended):
        return "Running"
    return "Failed" if any(code for _, code in ended) else "Succeeded"


def _failed(pod: Object, container: Object, status: Object) -> bool:
    """Whether an init container has failed for good."""
    code = _exit_code(status)
    return bool(code) and not restarts_after(pod, container, code or 0)


def _exit_code(status: Object) -> int | None:
    ended = status["state"].get("terminated")
    return int(ended["exitCode"]) if ended else None


def _container_status(pod: Object, spec: Object, inputs: StatusInputs) -> Object:
    name = spec["name"]
    latest, problem = inputs.seen.latest(name), inputs.problems.get(name)
    if latest is None:
        return _not_yet(pod, spec, problem)
    state, last = _states(latest, inputs.seen.previous(name), problem, inputs)
    running = latest.running and "running" in state
    started = running and inputs.has_started(latest)
    status: dict[str, Any] = {
        "name": name,
        "state": state,
        "lastState": last,
        "ready": _ready(spec, pod, latest, inputs, started=started),
        "restartCount": latest.attempt,
        "image": latest.image or spec["image"],
        "imageID": latest.image_ref,
        "containerID": f"containerd://{latest.id}",
        "started": started,
    }
    if spec in ephemeral_containers(pod):
        del status["started"]
        return status
    given = spec.get("resources") or {}
    actual = inputs.resources(latest) if running else None
    status["resources"] = given if actual is None else actual
    return status | ({"allocatedResources": given["requests"]} if given.get("requests") else {})


def _ready(
    spec: Object, pod: Object, latest: ContainerStatus, inputs: StatusInputs, *, started: bool
) -> bool:
    if spec in init_containers(pod) and not is_sidecar(spec):
        return latest.exited and latest.exit_code == 0
    if spec in ephemeral_containers(pod):
        return False
    return started and inputs.is_ready(latest)


def _not_yet(pod: Object, spec: Object, problem: ContainerProblem | None) -> Object:
    reason = "PodInitializing" if init_containers(pod) else "ContainerCreating"
    waiting = {"reason": reason}
    if problem is not None:
        waiting = {"reason": problem.reason, "message": problem.message}
    return {
        "name": spec["name"],
        "state": {"waiting": waiting},
        "lastState": {},
        "ready": False,
        "restartCount": 0,
        "image": spec["image"],
        "imageID": "",
        "started": False,
    }


def _states(
    latest: ContainerStatus,
    previous: ContainerStatus | None,
    problem: ContainerProblem | None,
    inputs: StatusInputs,
) -> tuple[Object, Object]:
    """(state, lastState)."""
    before = _terminated(previous, inputs) if previous and previous.exited else {}
    if latest.running:
        return {"running": {"startedAt": rfc3339(latest.started_at)}}, before
    if latest.exited:
        ended = _terminated(latest, inputs)
        if problem is not None:
            return {"waiting": {"reason": problem.reason, "message": problem.message}}, ended
        return ended, before
    reason = problem.reason if problem else "ContainerCreating"
    waiting = {"reason": reason} | ({"message": problem.message} if problem else {})
    if latest.state is ContainerState.UNKNOWN:
        waiting = {"reason": "ContainerStatusUnknown"}
    return {"waiting": waiting}, before


def _terminated(ended: ContainerStatus, inputs: StatusInputs) -> Object:
    message = inputs.termination_message(ended) or ended.message
    return {
        "terminated": {
            "exitCode": ended.exit_code,
            "reason": ended.reason or ("Completed" if ended.exit_code == 0 else "Error"),
            **({"message": message} if message else {}),
            **({"startedAt": rfc3339(ended.started_at)} if ended.started_at else {}),
            "finishedAt": rfc3339(ended.finished_at),
            "containerID": f"containerd://{ended.id}",
        }
    }


def rfc3339(nanoseconds: int) -> str | None:
    """A time of the runtime as the API writes it; None for one that has not come."""
    if nanoseconds <= 0:
        return None
    return datetime.fromtimestamp(nanoseconds // 10**9, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
