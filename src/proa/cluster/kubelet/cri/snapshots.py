"""containerd's snapshots: how the layers of an image are mounted that no container runs.

The CRI itself mounts images as volumes from containerd 2.1 on only.
Source: containerd, api/services/snapshots/v1; docs/garbage-collection.md (labels).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from proa.cluster.kubelet.cri.channel import Channel, CriError
from proa.cluster.kubelet.cri.client import Message, absent_is_fine
from proa.kube import now

_SNAPSHOTS = "/containerd.services.snapshots.v1.Snapshots/"
_SNAPSHOTTER = "overlayfs"
_NAMESPACE = (("containerd-namespace", "k8s.io"),)
_KEPT = "containerd.io/gc.root"
_DEADLINE = 120.0


@dataclass(frozen=True, slots=True)
class LayerMount:
    """A mount as mount(8) would make it: type, source and options."""

    kind: str
    source: str
    options: tuple[str, ...]


class Snapshots:
    """Every method raises CriError."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    async def view(self, key: str, chain: str) -> LayerMount:
        """How these layers are mounted to be read; they stay until `remove`, also without the image."""
        place: Message = {"snapshotter": _SNAPSHOTTER, "key": key}
        try:
            request = {**place, "parent": chain, "labels": {_KEPT: now()}}
            answer = await self._call("View", "ViewSnapshotRequest", request, "SnapshotMounts")
        except CriError as fault:
            if fault.code != "ALREADY_EXISTS":
                raise
            answer = await self._call("Mounts", "SnapshotKey", place, "SnapshotMounts")
        (mount,) = answer["mounts"]
        return LayerMount(mount["type"], mount["source"], tuple(mount["options"]))

    async def remove(self, key: str) -> None:
        """Forget a view; fine when it is gone."""
        with absent_is_fine():
            await self._call("Remove", "SnapshotKey", {"snapshotter": _SNAPSHOTTER, "key": key}, "Empty")

    async def _call(self, method: str, request: str, value: Message, response: str) -> dict[str, Any]:
        return await self._channel.call(
            _SNAPSHOTS + method, request, value, response, deadline=_DEADLINE, metadata=_NAMESPACE
        )
