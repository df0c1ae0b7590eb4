"""downwardAPI: fields of the pod as files.

Fields: `items` (path, fieldRef or resourceFieldRef, mode), `defaultMode` (0644). Labels and
annotations are refreshed when they change. Source: API reference, DownwardAPIVolumeSource.
"""

from __future__ import annotations

from proa.cluster.kubelet.volumes.files import show_files
from proa.cluster.kubelet.volumes.payload import downward_files, mode_of
from proa.cluster.kubelet.volumes.plugin import ReadyVolume, VolumeRequest, volume_plugin
from proa.kube import Object


@volume_plugin("downwardAPI", "downward-api")
async def set_up(source: Object, request: VolumeRequest) -> ReadyVolume:
    return await show_files(
        downward_files(source, request, mode_of(source, request)), request, in_memory=False
    )
