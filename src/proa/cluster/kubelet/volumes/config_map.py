"""configMap: the keys of a ConfigMap as files.

Fields: `name`, `items` (key, path, mode), `defaultMode` (0644), `optional` (false).
Refreshed when the ConfigMap changes. Source: API reference, ConfigMapVolumeSource.
"""

from __future__ import annotations

from proa.cluster.kubelet.volumes.files import show_files
from proa.cluster.kubelet.volumes.payload import config_map, mode_of, object_files
from proa.cluster.kubelet.volumes.plugin import ReadyVolume, VolumeRequest, volume_plugin
from proa.kube import Object


@volume_plugin("configMap", "configmap")
async def set_up(source: Object, request: VolumeRequest) -> ReadyVolume:
    files = object_files(config_map(request, source["name"]), source, request, mode_of(source, request))
    return await show_files(files, request, in_memory=False)
