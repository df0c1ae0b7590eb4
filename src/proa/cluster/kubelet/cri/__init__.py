"""Talking to containerd: the container runtime interface and its event stream."""

from proa.cluster.kubelet.cri.channel import Channel, CriError
from proa.cluster.kubelet.cri.client import Images, Message, Runtime
from proa.cluster.kubelet.cri.events import follow_exits
from proa.cluster.kubelet.cri.snapshots import Snapshots
from proa.cluster.kubelet.cri.tasks import ExecId, Stdio, Tasks
from proa.cluster.kubelet.cri.types import (
    CONTAINER_NAME,
    POD_NAME,
    POD_NAMESPACE,
    POD_UID,
    Container,
    ContainerState,
    ContainerStatus,
    ExecResult,
    FilesystemUsage,
    Image,
    RuntimeCondition,
    Sandbox,
)

__all__ = [
    "CONTAINER_NAME",
    "POD_NAME",
    "POD_NAMESPACE",
    "POD_UID",
    "Channel",
    "Container",
    "ContainerState",
    "ContainerStatus",
    "CriError",
    "ExecId",
    "ExecResult",
    "FilesystemUsage",
    "Image",
    "Images",
    "Message",
    "Runtime",
    "RuntimeCondition",
    "Sandbox",
    "Snapshots",
    "Stdio",
    "Tasks",
    "follow_exits",
]  # fmt: skip
