"""Pods and what a runtime reports of them, for tests of the kubelet's decisions."""

from __future__ import annotations

from typing import Any

from proa.cluster.kubelet.container_config import HASH
from proa.cluster.kubelet.cri import ContainerState, ContainerStatus, Sandbox
from proa.cluster.kubelet.observation import PodObservation
from proa.cluster.kubelet.pods import container_hash
from proa.kube import Object

RUNNING, EXITED, CREATED = ContainerState.RUNNING, ContainerState.EXITED, ContainerState.CREATED
SECOND = 10**9


def pod(*containers: str | Object, init: tuple[Object, ...] = (), **spec: Any) -> Object:
    """A pod whose containers are given by name or whole."""
    whole = [c if isinstance(c, dict) else spec_of(c) for c in containers or ("main",)]
    metadata = {"name": "web", "namespace": "d", "uid": "u1", "generation": 1}
    metadata |= spec.pop("metadata", {})
    more = {"initContainers": list(init)} if init else {}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata,
        "spec": {"nodeName": "n1", "containers": whole} | more | spec,
        "status": {},
    }


def spec_of(name: str, **more: Any) -> Object:
    return {"name": name, "image": "busybox"} | more


def sandbox(attempt: int = 0, *, ready: bool = True) -> Sandbox:
    return Sandbox(f"s{attempt}", attempt, ready, attempt, {"io.kubernetes.pod.uid": "u1"}, {})


def container(
    name: str = "main", state: ContainerState = RUNNING, *, attempt: int = 0, code: int = 0, **more: Any
) -> ContainerStatus:
    """One attempt at a container; it ran from second 100 to second 110."""
    fields: dict[str, Any] = {
        "id": f"{name}-{attempt}",
        "sandbox_id": "s0",
        "name": name,
        "attempt": attempt,
        "state": state,
        "created_at": 100 * SECOND + attempt,
        "started_at": 0 if state is CREATED else 100 * SECOND,
        "finished_at": 110 * SECOND if state is EXITED else 0,
        "exit_code": code,
        "image": "docker.io/library/busybox:latest",
        "image_ref": "sha256:1",
        "reason": "",
        "message": "",
        "annotations": {HASH: container_hash(spec_of(name))},
        "log_path": "",
    }
    return ContainerStatus(**(fields | more))


def seen(*containers: ContainerStatus, sandboxes: tuple[Sandbox, ...] | None = None) -> PodObservation:
    """An observation; the containers are sorted as an observer does."""
    boxes = (sandbox(),) if sandboxes is None else sandboxes
    newest = sorted(containers, key=lambda c: (c.attempt, c.created_at), reverse=True)
    ips = ("10.42.0.5",) if boxes and boxes[0].ready else ()
    return PodObservation(boxes, tuple(newest), ips)
