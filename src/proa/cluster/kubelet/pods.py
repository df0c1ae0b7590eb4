"""Readers of the parts of a Pod object that the kubelet asks for again and again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from proa.kube import Object

DEFAULT_GRACE = 30
_BOOKKEEPING = ("resourceVersion", "managedFields")


@dataclass(frozen=True, slots=True)
class PodName:
    """Which pod: a name may be used again, the uid never is."""

    namespace: str
    name: str
    uid: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


def pod_name(pod: Object) -> PodName:
    """The identity of a pod."""
    metadata = pod["metadata"]
    return PodName(metadata["namespace"], metadata["name"], metadata["uid"])


def init_containers(pod: Object) -> list[Object]:
    """Init containers in order, sidecars included."""
    return list(pod["spec"].get("initContainers") or ())


def main_containers(pod: Object) -> list[Object]:
    """The containers that make the pod what it is."""
    return list(pod["spec"].get("containers") or ())


def ephemeral_containers(pod: Object) -> list[Object]:
    """Containers that were added to the running pod, to look into it."""
    return list(pod["spec"].get("ephemeralContainers") or ())


def planned_containers(pod: Object) -> Iterator[Object]:
    """Init containers, then main containers: what the pod was made with."""
    yield from init_containers(pod)
    yield from main_containers(pod)


def all_containers(pod: Object) -> Iterator[Object]:
    """Init containers, main containers, then ephemeral ones."""
    yield from planned_containers(pod)
    yield from ephemeral_containers(pod)


def find_container(pod: Object, name: str) -> Object | None:
    """The container of that name, of whichever kind."""
    return next((c for c in all_containers(pod) if c["name"] == name), None)


def is_sidecar(container: Object) -> bool:
    """Whether an init container keeps running beside the main ones."""
    return container.get("restartPolicy") == "Always"


def restart_policy(pod: Object) -> str:
    """Always, OnFailure or Never."""
    return str(pod["spec"].get("restartPolicy") or "Always")


def field_path(pod: Object, container: Object) -> str:
    """The field path by which an Event names a container, as `spec.containers{web}`; none for others."""
    kinds = ("initContainers", "containers", "ephemeralContainers")
    name = container["name"]
    own = (k for k in kinds if any(c["name"] == name for c in pod["spec"].get(k) or ()))
    kind = next(own, "")
    return f"spec.{kind}{{{name}}}" if kind else ""


def container_statuses(pod: Object) -> Iterator[Object]:
    """The reported statuses of all containers of whichever kind."""
    status = pod.get("status") or {}
    for kind in ("initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses"):
        yield from status.get(kind) or ()


def grace_period(pod: Object) -> int:
    """Seconds between SIGTERM and SIGKILL: what the deletion asks for, else what the pod says."""
    asked = pod["metadata"].get("deletionGracePeriodSeconds")
    if asked is None:
        asked = pod["spec"].get("terminationGracePeriodSeconds")
    return DEFAULT_GRACE if asked is None else max(1, int(asked))


def is_host_network(pod: Object) -> bool:
    """Whether the pod shares the node's network."""
    return bool(pod["spec"].get("hostNetwork"))


def differs_in_status_only(old: Object, new: Object) -> bool:
    """Whether two versions of a pod ask the same of the kubelet."""
    return old["spec"] == new["spec"] and _essence(old) == _essence(new)


def _essence(pod: Object) -> Object:
    return {key: value for key, value in pod["metadata"].items() if key not in _BOOKKEEPING}


def security_context(holder: Any) -> Object:
    """The `securityContext` of a pod's spec or of a container; empty when there is none."""
    return dict(holder.get("securityContext") or {})


def common_user(pod: Object) -> int | None:
    """The number of the user as whom all containers are told to run; None when they are not all told one."""
    for_all = security_context(pod["spec"]).get("runAsUser")
    told = {security_context(container).get("runAsUser", for_all) for container in all_containers(pod)}
    return told.pop() if len(told) == 1 else None


def account_of(pod: Object) -> str:
    """The name of the pod's service account."""
    return str(pod["spec"].get("serviceAccountName") or "default")


def container_hash(container: Object) -> str:
    """Changes when a running container no longer is what the pod asks for.

    Of a pod's containers only the image can be changed, so only name and image count; defaults
    that a newer API server adds must not restart anything.
    """
    essence = json.dumps([container["name"], container.get("image")])
    return hashlib.sha256(essence.encode()).hexdigest()[:12]


def log_directory_name(pod: PodName) -> str:
    """Name of the directory that holds a pod's logs."""
    return f"{pod.namespace}_{pod.name}_{pod.uid}"
