"""secret: the keys of a Secret as files in memory.

Fields: `secretName`, `items` (key, path, mode), `defaultMode` (0644), `optional` (false).
Refreshed when the Secret changes. Needs tmpfs. Source: API reference, SecretVolumeSource.
"""

from __future__ import annotations

from proa.cluster.kubelet.volumes.files import show_files
from proa.cluster.kubelet.volumes.payload import mode_of, object_files, secret
from proa.cluster.kubelet.volumes.plugin import ReadyVolume, VolumeRequest, volume_plugin
from proa.kube import Object


@volume_plugin("secret", "secret")
async def set_up(source: Object, request: VolumeRequest) -> ReadyVolume:
    files = object_files(secret(request, source["secretName"]), source, request, mode_of(source, request))
    return await show_files(files, request, in_memory=True)
