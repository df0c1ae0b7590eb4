"""Where the volumes of a pod lie on this node, for those who measure them. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from proa.cluster.kubelet.config import KubeletConfig
from proa.cluster.kubelet.environment import Lookup
from proa.cluster.kubelet.objects import Reference
from proa.cluster.kubelet.volumes.plugin import PLUGINS
from proa.kube import PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES, Object, to_integer

_EPHEMERAL = ("emptyDir", "configMap", "downwardAPI")
_OWN = (*_EPHEMERAL, "secret", "projected")


@dataclass(frozen=True, slots=True)
class VolumeLocation:
    """A volume's directory. `claim` names the claim behind it, if any."""

    name: str
    path: Path
    claim: str = ""
    ephemeral: bool = False
    """Whether what it holds counts as the pod's ephemeral storage."""
    limit: int | None = None
    """The sizeLimit of an emptyDir, in bytes."""


def volume_locations(config: KubeletConfig, pod: Object, lookup: Lookup) -> Iterator[VolumeLocation]:
    """The volumes that can be measured: those that the kubelet makes, and claims of local volumes."""
    for volume in pod["spec"].get("volumes") or ():
        claim = claim_name(pod, volume)
        source = next((key for key in _OWN if key in volume), None)
        if claim:
            path = _claim_path(pod, claim, lookup)
            if path is not None:
                yield VolumeLocation(volume["name"], path, claim)
        elif source:
            yield _own(config, pod, volume, source)


def _own(config: KubeletConfig, pod: Object, volume: Object, source: str) -> VolumeLocation:
    top = config.pods_dir / str(pod["metadata"]["uid"]) / "volumes"
    fields: dict[str, Any] = volume[source] or {}
    limit = fields.get("sizeLimit") if source == "emptyDir" else None
    return VolumeLocation(
        name=volume["name"],
        path=top / PLUGINS[source].directory / volume["name"],
        ephemeral=source in _EPHEMERAL and fields.get("medium") != "Memory",
        limit=to_integer(limit) if limit else None,
    )


def claim_name(pod: Object, volume: Object) -> str:
    """The claim that a volume of the pod names, or that is made for it; empty when there is none."""
    if "persistentVolumeClaim" in volume:
        return str(volume["persistentVolumeClaim"]["claimName"])
    return f"{pod['metadata']['name']}-{volume['name']}" if "ephemeral" in volume else ""


def _claim_path(pod: Object, claim: str, lookup: Lookup) -> Path | None:
    found = lookup(Reference(PERSISTENT_VOLUME_CLAIMS, pod["metadata"]["namespace"], claim))
    name = found["spec"].get("volumeName") if found else None
    volume = lookup(Reference(PERSISTENT_VOLUMES, "", name)) if name else None
    if volume is None:
        return None
    source = volume["spec"].get("local") or volume["spec"].get("hostPath")
    return Path(source["path"]) if source else None
