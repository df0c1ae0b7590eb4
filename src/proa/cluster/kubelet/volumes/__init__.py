"""Volumes of pods. A kind of volume is one file here and one line below."""

from proa.cluster.kubelet.volumes import (
    config_map,
    downward_api,
    empty_dir,
    host_path,
    image,
    persistent_volume_claim,
    projected,
    secret,
)
from proa.cluster.kubelet.volumes.plugin import PLUGINS, ReadyVolume, TokenSource, VolumeRequest

__all__ = [
    "PLUGINS", "ReadyVolume", "TokenSource", "VolumeRequest",
    "config_map", "downward_api", "empty_dir", "host_path", "image", "persistent_volume_claim", "projected",
    "secret",
]  # fmt: skip
