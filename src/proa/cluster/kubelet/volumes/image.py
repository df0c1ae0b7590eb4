"""image: the files of an image, to be read only.

Fields: `reference`, `pullPolicy` (as a container's). It is pulled with the pod's secrets, once for the pod.
Source: API reference, ImageVolumeSource.
"""

from __future__ import annotations

from proa.cluster.kubelet.mounts import is_mount
from proa.cluster.kubelet.volumes.plugin import ReadyVolume, VolumeRequest, volume_plugin
from proa.kube import Object


@volume_plugin("image", "image")
async def set_up(source: Object, request: VolumeRequest) -> ReadyVolume:
    if not is_mount(request.directory):
        await request.images.mount(request.pod, request.name, source, request.directory)
    return ReadyVolume(request.directory, read_only=True)
