"""The conditions of a pod that the kubelet owns (source: pkg/kubelet/status/generate.go). Pure."""

from __future__ import annotations

from collections.abc import Sequence

from proa.cluster.kubelet.pods import init_containers, is_sidecar
from proa.kube import Object, condition_is_true, with_condition

EVICTED = "Evicted"
BY_KUBELET = "TerminationByKubelet"
"""Reason of the DisruptionTarget condition of a pod that this kubelet evicts."""


def pod_conditions(
    pod: Object,
    phase: str,
    initial: Sequence[Object],
    main: Sequence[Object],
    *,
    sandbox_ready: bool,
    failure: tuple[str, str] | None = None,
) -> list[Object]:
    """All conditions of the pod, those of others unchanged."""
    conditions = list((pod.get("status") or {}).get("conditions") or ())
    generation = pod["metadata"].get("generation")
    more = {"observedGeneration": generation} if generation else {}

    def put(kind: str, reason: str = "", message: str = "", *, ok: bool) -> None:
        nonlocal conditions
        conditions = with_condition(conditions, kind, ok, reason, message, **more)

    put("PodReadyToStartContainers", ok=sandbox_ready)
    initialized = _initialized(pod, phase, initial, main)
    put("Initialized", *initialized[1:], ok=initialized[0])
    ready = _containers_ready(pod, phase, initial, main)
    put("ContainersReady", *ready[1:], ok=ready[0])
    gates = _missing_gates(pod)
    if ready[0] and gates:
        ready = (False, "ReadinessGatesNotReady", f"the readiness gates {_quoted(gates)} are not true")
    put("Ready", *ready[1:], ok=ready[0])
    if failure and failure[0] == EVICTED:
        put("DisruptionTarget", BY_KUBELET, failure[1], ok=True)
    put("PodScheduled", ok=True)
    return conditions


def _initialized(
    pod: Object, phase: str, initial: Sequence[Object], main: Sequence[Object]
) -> tuple[bool, str, str]:
    """A pod of which a container has started has been initialized, whatever its sidecars do now."""
    if phase == "Succeeded":
        return True, "PodCompleted", ""
    incomplete = [
        status["name"]
        for status, spec in zip(initial, init_containers(pod), strict=True)
        if not (status.get("started") if is_sidecar(spec) else status["ready"])
    ]
    if incomplete and not any(map(_has_started, main)):
        message = f"containers with incomplete status: [{' '.join(incomplete)}]"
        return False, "ContainersNotInitialized", message
    return True, "", ""


def _has_started(status: Object) -> bool:
    return "waiting" not in (status.get("state") or {"waiting": {}}) or bool(status.get("lastState"))


def _containers_ready(
    pod: Object, phase: str, initial: Sequence[Object], main: Sequence[Object]
) -> tuple[bool, str, str]:
    if phase == "Succeeded":
        return False, "PodCompleted", ""
    if phase == "Failed":
        return False, "PodFailed", ""
    sidecars = [s for s, c in zip(initial, init_containers(pod), strict=True) if is_sidecar(c)]
    unready = [s["name"] for s in (*sidecars, *main) if not s["ready"]]
    if unready:
        return False, "ContainersNotReady", f"containers with unready status: [{' '.join(unready)}]"
    return True, "", ""


def _missing_gates(pod: Object) -> list[str]:
    gates = pod["spec"].get("readinessGates") or ()
    return [g["conditionType"] for g in gates if not condition_is_true(pod, g["conditionType"])]


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
