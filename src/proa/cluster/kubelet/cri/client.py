"""The container runtime interface as methods (source: kubernetes/cri-api, runtime.v1)."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from typing import Any

from proa.cluster.kubelet.cri import types
from proa.cluster.kubelet.cri.channel import Channel, CriError
from proa.cluster.kubelet.cri.types import (
    Container,
    ContainerStatus,
    ExecResult,
    FilesystemUsage,
    Image,
    RuntimeCondition,
    Sandbox,
)

Message = Mapping[str, Any]
"""A wire message as a dict, keys as in `messages`."""

_RUNTIME = "/runtime.v1.RuntimeService/"
_IMAGES = "/runtime.v1.ImageService/"
_DEADLINE = 120.0
"""Seconds for a call that has no natural bound of its own (upstream's runtime-request-timeout)."""


class Runtime:
    """RuntimeService: sandboxes and containers. Every method raises CriError."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    async def _call(
        self,
        method: str,
        request: str,
        value: Message,
        response: str = "Empty",
        *,
        deadline: float = _DEADLINE,
    ) -> dict[str, Any]:
        return await self._channel.call(_RUNTIME + method, request, value, response, deadline=deadline)

    async def version(self) -> tuple[str, str]:
        """(name, version) of the runtime."""
        answer = await self._call("Version", "Empty", {}, "VersionResponse", deadline=5)
        return answer["runtime_name"], answer["runtime_version"]

    async def status(self) -> list[RuntimeCondition]:
        """RuntimeReady and NetworkReady."""
        answer = await self._call("Status", "Empty", {}, "StatusResponse", deadline=10)
        return [
            RuntimeCondition(c["type"], c["status"], c["reason"], c["message"])
            for c in answer.get("status", {}).get("conditions", ())
        ]

    async def run_pod_sandbox(self, config: Message, handler: str = "") -> str:
        """Make a sandbox with its network, by the runtime of that name; returns its id."""
        request = {"config": config, "runtime_handler": handler}
        answer = await self._call(
            "RunPodSandbox", "RunPodSandboxRequest", request, "RunPodSandboxResponse", deadline=240
        )
        return str(answer["pod_sandbox_id"])

    async def stop_pod_sandbox(self, sandbox_id: str) -> None:
        """Kill what is in the sandbox and take its network down; fine when it is gone."""
        with absent_is_fine():
            await self._call("StopPodSandbox", "PodSandboxId", {"pod_sandbox_id": sandbox_id})

    async def remove_pod_sandbox(self, sandbox_id: str) -> None:
        """Forget the sandbox and its containers; fine when it is gone."""
        with absent_is_fine():
            await self._call("RemovePodSandbox", "PodSandboxId", {"pod_sandbox_id": sandbox_id})

    async def pod_sandbox_ips(self, sandbox_id: str) -> tuple[str, ...]:
        """Addresses of the sandbox; none with the host's network."""
        request = {"pod_sandbox_id": sandbox_id}
        answer = await self._call("PodSandboxStatus", "PodSandboxId", request, "PodSandboxStatusResponse")
        network = answer.get("status", {}).get("network", {})
        first = (network["ip"],) if network.get("ip") else ()
        return first + tuple(more["ip"] for more in network.get("additional_ips", ()))

    async def list_pod_sandboxes(self, labels: Mapping[str, str] | None = None) -> list[Sandbox]:
        """Sandboxes in any state, all or those with the labels."""
        request = {"filter": {"label_selector": labels}}
        answer = await self._call(
            "ListPodSandbox", "ListPodSandboxRequest", request, "ListPodSandboxResponse"
        )
        return [types.sandbox(item) for item in answer["items"]]

    async def create_container(self, sandbox_id: str, config: Message, sandbox_config: Message) -> str:
        """Make a container that does not yet run; returns its id."""
        request = {"pod_sandbox_id": sandbox_id, "config": config, "sandbox_config": sandbox_config}
        answer = await self._call("CreateContainer", "CreateContainerRequest", request, "ContainerId")
        return str(answer["container_id"])

    async def start_container(self, container_id: str) -> None:
        """Run a created container."""
        await self._call("StartContainer", "ContainerId", {"container_id": container_id})

    async def update_container_resources(self, container_id: str, resources: Message) -> None:
        """Give a running container other cgroup values: its LinuxContainerResources."""
        request = {"container_id": container_id, "linux": resources}
        await self._call("UpdateContainerResources", "UpdateContainerResourcesRequest", request)

    async def stop_container(self, container_id: str, grace: int) -> None:
        """SIGTERM, then SIGKILL after `grace` seconds; returns when it has ended. Fine when it is gone."""
        request = {"container_id": container_id, "timeout": grace}
        with absent_is_fine():
            await self._call("StopContainer", "StopContainerRequest", request, deadline=grace + _DEADLINE)

    async def remove_container(self, container_id: str) -> None:
        """Forget a container; fine when it is gone."""
        with absent_is_fine():
            await self._call("RemoveContainer", "ContainerId", {"container_id": container_id})

    async def list_containers(self, labels: Mapping[str, str] | None = None) -> list[Container]:
        """Containers in any state, all or those with the labels."""
        request = {"filter": {"label_selector": labels}}
        answer = await self._call(
            "ListContainers", "ListContainersRequest", request, "ListContainersResponse"
        )
        return [types.container(item) for item in answer["containers"]]

    async def container_status(self, container: Container) -> ContainerStatus:
        """All about one container of the list."""
        request = {"container_id": container.id}
        answer = await self._call("ContainerStatus", "ContainerId", request, "ContainerStatusResponse")
        return types.container_status(answer["status"], container.sandbox_id)

    async def container_layers(self) -> dict[str, FilesystemUsage]:
        """What each running container has written to its own layer, by id."""
        answer = await self._call(
            "ListContainerStats", "ListContainerStatsRequest", {}, "ListContainerStatsResponse"
        )
        return {
            entry["attributes"]["id"]: types.filesystem_usage(entry["writable_layer"])
            for entry in answer["stats"]
            if "attributes" in entry and "writable_layer" in entry
        }

    async def exec_sync(self, container_id: str, command: list[str], limit: float) -> ExecResult:
        """Run a command in the container; DEADLINE_EXCEEDED when it takes longer than `limit` seconds."""
        request = {"container_id": container_id, "cmd": command, "timeout": max(1, round(limit))}
        answer = await self._call(
            "ExecSync", "ExecSyncRequest", request, "ExecSyncResponse", deadline=limit + 10
        )
        return ExecResult(answer["exit_code"], answer["stdout"], answer["stderr"])

    async def attach(self, container_id: str, *, stdin: bool, stdout: bool, stderr: bool, tty: bool) -> str:
        """Where the runtime's streaming server hands out these streams of a container."""
        request = {
            "container_id": container_id,
            "stdin": stdin,
            "stdout": stdout,
            "stderr": stderr,
            "tty": tty,
        }
        return str((await self._call("Attach", "AttachRequest", request, "StreamingUrl"))["url"])

    async def port_forward(self, sandbox_id: str) -> str:
        """Where the runtime's streaming server forwards to ports of a sandbox, over SPDY."""
        request = {"pod_sandbox_id": sandbox_id}
        return str((await self._call("PortForward", "PortForwardRequest", request, "StreamingUrl"))["url"])

    async def reopen_container_log(self, container_id: str) -> None:
        """Have the runtime write to a new file at the log path."""
        await self._call("ReopenContainerLog", "ContainerId", {"container_id": container_id})


class Images:
    """ImageService. Every method raises CriError."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    async def _call(
        self, method: str, request: str, value: Message, response: str, *, deadline: float | None = _DEADLINE
    ) -> dict[str, Any]:
        return await self._channel.call(_IMAGES + method, request, value, response, deadline=deadline)

    async def list(self) -> list[Image]:
        """All images."""
        answer = await self._call("ListImages", "ListImagesRequest", {}, "ListImagesResponse")
        return [types.image(item) for item in answer["images"]]

    async def status(self, name: str) -> Image | None:
        """The image, or None when the store does not have it."""
        request = {"image": {"image": name}}
        answer = await self._call("ImageStatus", "ImageRequest", request, "ImageStatusResponse")
        found = answer.get("image")
        return types.image(found) if found else None

    async def chain(self, name: str) -> str:
        """The id of the image's topmost layer with all below it, as its snapshot is called.

        NOT_FOUND when the store does not have the image.
        """
        request = {"image": {"image": name}, "verbose": True}
        answer = await self._call("ImageStatus", "ImageRequest", request, "ImageStatusResponse")
        if not answer.get("image"):
            raise CriError("NOT_FOUND", f"no image {name}")
        return str(json.loads(answer["info"]["info"])["chainID"])

    async def pull(self, name: str, auth: Message | None = None) -> str:
        """Fetch an image, however long that takes; returns its reference."""
        request = {"image": {"image": name}, "auth": auth}
        answer = await self._call(
            "PullImage", "PullImageRequest", request, "PullImageResponse", deadline=None
        )
        return str(answer["image_ref"])

    async def filesystem(self) -> FilesystemUsage | None:
        """Where images lie and what they take; None when the runtime does not know (yet)."""
        answer = await self._call("ImageFsInfo", "Empty", {}, "ImageFsInfoResponse")
        return next((types.filesystem_usage(entry) for entry in answer["image_filesystems"]), None)

    async def remove(self, name: str) -> None:
        """Delete an image; fine when it is gone."""
        with absent_is_fine():
            await self._call("RemoveImage", "ImageRequest", {"image": {"image": name}}, "Empty")


@contextlib.contextmanager
def absent_is_fine() -> Any:
    """Swallow NOT_FOUND: what is gone needs no removal."""
    try:
        yield
    except CriError as fault:
        if fault.code != "NOT_FOUND":
            raise
