"""emptyDir: a directory that lives as long as the pod.

Fields: `medium` ("" = the node's disk, `Memory` = tmpfs), `sizeLimit` (bytes; for a tmpfs it is the
size of the filesystem, default half of the memory). Source: API reference, EmptyDirVolumeSource.
"""

from __future__ import annotations

import asyncio

from proa.cluster.kubelet.mounts import is_mount, mount_tmpfs
from proa.cluster.kubelet.volumes.ownership import give_to_group
from proa.cluster.kubelet.volumes.plugin import ReadyVolume, VolumeRequest, volume_plugin
from proa.kube import Object, to_integer


@volume_plugin("emptyDir", "empty-dir")
async def set_up(source: Object, request: VolumeRequest) -> ReadyVolume:
    await asyncio.to_thread(_make, source, request)
    return ReadyVolume(request.directory)


def _make(source: Object, request: VolumeRequest) -> None:
    directory = request.directory
    fresh = not directory.exists()
    directory.mkdir(parents=True, exist_ok=True)
    if source.get("medium") == "Memory" and not is_mount(directory):
        size = source.get("sizeLimit")
        mount_tmpfs(directory, size=to_integer(size) if size else None)
        fresh = True
    if fresh:
        if not is_mount(directory):
            directory.chmod(0o777)
        if request.fs_group is not None:
            give_to_group(directory, request.fs_group)
