"""containerd's own services below its CRI: processes that are started beside a container's main one.

The CRI can start such a process too, but only behind a streaming server that cannot end its stdin.
Source: containerd, api/services/tasks/v1 and api/services/containers/v1.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from proa.cluster.kubelet.cri.channel import Channel
from proa.cluster.kubelet.cri.client import Message
from proa.kube import Object

_TASKS = "/containerd.services.tasks.v1.Tasks/"
_GET = "/containerd.services.containers.v1.Containers/Get"
_PROCESS = "types.containerd.io/opencontainers/runtime-spec/1/Process"
_NAMESPACE = (("containerd-namespace", "k8s.io"),)
_DEADLINE = 120.0


@dataclass(frozen=True, slots=True)
class Stdio:
    """Paths of named pipes; an empty one stands for no stream."""

    stdin: str = ""
    stdout: str = ""
    stderr: str = ""


@dataclass(frozen=True, slots=True)
class ExecId:
    """One process that was started in a container."""

    container: str
    process: str

    @property
    def fields(self) -> Message:
        """As in every request about it."""
        return {"container_id": self.container, "exec_id": self.process}


class Tasks:
    """Processes in running containers. Every method raises CriError."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    async def _call(
        self,
        method: str,
        request: str,
        value: Message,
        response: str = "Empty",
        deadline: float | None = _DEADLINE,
    ) -> dict[str, Any]:
        return await self._channel.call(
            _TASKS + method, request, value, response, deadline=deadline, metadata=_NAMESPACE
        )

    async def main_process(self, container_id: str) -> Object:
        """The `process` of the container's runtime specification."""
        answer = await self._channel.call(
            _GET,
            "GetContainerRequest",
            {"id": container_id},
            "GetContainerResponse",
            deadline=_DEADLINE,
            metadata=_NAMESPACE,
        )
        spec: Object = json.loads(answer["container"]["spec"]["value"])
        return dict(spec["process"])

    async def exec(self, which: ExecId, process: Object, stdio: Stdio) -> None:
        """Prepare a process; it does not run yet."""
        request = {
            **which.fields,
            "stdin": stdio.stdin,
            "stdout": stdio.stdout,
            "stderr": stdio.stderr,
            "terminal": bool(process.get("terminal")),
            "spec": {"type_url": _PROCESS, "value": json.dumps(process).encode()},
        }
        await self._call("Exec", "ExecProcessRequest", request)

    async def start(self, which: ExecId) -> None:
        """Run it. When this returns, containerd holds its ends of the pipes of output."""
        await self._call("Start", "ProcessId", which.fields)

    async def wait(self, which: ExecId) -> int:
        """Its exit code, however long that takes."""
        answer = await self._call("Wait", "ProcessId", which.fields, "WaitResponse", deadline=None)
        return int(answer["exit_status"])

    async def close_stdin(self, which: ExecId) -> None:
        """Its stdin ends as soon as nobody else holds the pipe open."""
        await self._call("CloseIO", "CloseIORequest", {**which.fields, "stdin": True})

    async def resize(self, which: ExecId, width: int, height: int) -> None:
        """Tell its terminal the size of the window."""
        await self._call("ResizePty", "ResizePtyRequest", {**which.fields, "width": width, "height": height})

    async def delete(self, which: ExecId) -> None:
        """Forget a process that has ended or never ran."""
        await self._call("DeleteProcess", "ProcessId", which.fields)
