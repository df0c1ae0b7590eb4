"""What the runtime reports, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

POD_NAME = "io.kubernetes.pod.name"
POD_NAMESPACE = "io.kubernetes.pod.namespace"
POD_UID = "io.kubernetes.pod.uid"
CONTAINER_NAME = "io.kubernetes.container.name"
"""Labels that tie what runs to a pod; other tools (crictl, metrics) read the same ones."""


class ContainerState(IntEnum):
    CREATED = 0
    RUNNING = 1
    EXITED = 2
    UNKNOWN = 3


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A pod's sandbox: its network namespace and the pause process that holds it."""

    id: str
    attempt: int
    ready: bool
    created_at: int
    labels: Mapping[str, str]
    annotations: Mapping[str, str]

    @property
    def pod_uid(self) -> str:
        return self.labels.get(POD_UID, "")


@dataclass(frozen=True, slots=True)
class Container:
    """A line of the container list."""

    id: str
    sandbox_id: str
    state: ContainerState
    created_at: int
    labels: Mapping[str, str]
    image_ref: str = ""

    @property
    def pod_uid(self) -> str:
        return self.labels.get(POD_UID, "")


@dataclass(frozen=True, slots=True)
class ContainerStatus:
    """All about one container. Times are nanoseconds since the epoch, 0 when not yet."""

    id: str
    sandbox_id: str
    name: str
    attempt: int
    state: ContainerState
    created_at: int
    started_at: int
    finished_at: int
    exit_code: int
    image: str
    image_ref: str
    reason: str
    message: str
    annotations: Mapping[str, str]
    log_path: str

    @property
    def running(self) -> bool:
        return self.state is ContainerState.RUNNING

    @property
    def exited(self) -> bool:
        return self.state is ContainerState.EXITED


@dataclass(frozen=True, slots=True)
class Image:
    """An image of the runtime's store. `user` is the number or the name that the image sets, if any."""

    id: str
    tags: tuple[str, ...]
    digests: tuple[str, ...]
    size: int
    user: int | str | None
    pinned: bool = False


@dataclass(frozen=True, slots=True)
class RuntimeCondition:
    """One condition of the runtime: RuntimeReady or NetworkReady."""

    type: str
    ok: bool
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class ExecResult:
    """What a command in a container left behind."""

    exit_code: int
    stdout: bytes
    stderr: bytes


@dataclass(frozen=True, slots=True)
class FilesystemUsage:
    """What something takes on the filesystem where it lies."""

    mountpoint: str
    used: int
    inodes: int


def filesystem_usage(message: Mapping[str, Any]) -> FilesystemUsage:
    """A FilesystemUsage of the wire's FilesystemUsage."""
    values = (message.get(field, {}).get("value", 0) for field in ("used_bytes", "inodes_used"))
    return FilesystemUsage(message.get("fs_id", {}).get("mountpoint", ""), *values)


def sandbox(message: Mapping[str, Any]) -> Sandbox:
    """A Sandbox of the wire's PodSandbox."""
    return Sandbox(
        id=message["id"],
        attempt=message["metadata"]["attempt"],
        ready=message["state"] == 0,
        created_at=message["created_at"],
        labels=message["labels"],
        annotations=message["annotations"],
    )


def container(message: Mapping[str, Any]) -> Container:
    """A Container of the wire's Container."""
    return Container(
        id=message["id"],
        sandbox_id=message["pod_sandbox_id"],
        state=ContainerState(message["state"]),
        created_at=message["created_at"],
        labels=message["labels"],
        image_ref=message["image_ref"],
    )


def container_status(message: Mapping[str, Any], sandbox_id: str) -> ContainerStatus:
    """A ContainerStatus of the wire's ContainerStatus, which does not know its sandbox."""
    plain = ("id", "created_at", "started_at", "finished_at", "exit_code", "image_ref", "reason", "message")
    return ContainerStatus(
        **{field: message[field] for field in plain},
        sandbox_id=sandbox_id,
        name=message["metadata"]["name"],
        attempt=message["metadata"]["attempt"],
        state=ContainerState(message["state"]),
        image=message.get("image", {}).get("image", ""),
        annotations=message["annotations"],
        log_path=message["log_path"],
    )


def image(message: Mapping[str, Any]) -> Image:
    """An Image of the wire's Image."""
    number = message.get("uid")
    return Image(
        id=message["id"],
        tags=tuple(message["repo_tags"]),
        digests=tuple(message["repo_digests"]),
        size=message["size"],
        pinned=message["pinned"],
        user=message["username"] or (number["value"] if number is not None else None),
    )
