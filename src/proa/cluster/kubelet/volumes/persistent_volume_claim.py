"""persistentVolumeClaim: the volume to which a claim is bound, of source `local` or `hostPath`.

Fields: `claimName`, `readOnly` (false). The directory of the volume is used where it is, without a
mount of ours, so nothing that cleans up a pod can touch data. fsGroup applies to `local` volumes.
Source: API reference, PersistentVolumeClaimVolumeSource.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from proa.cluster.kubelet.objects import Reference
from proa.cluster.kubelet.pods import security_context
from proa.cluster.kubelet.problems import VolumeProblem
from proa.cluster.kubelet.volumes.host_path import check_host_path
from proa.cluster.kubelet.volumes.ownership import belongs_to_group, give_to_group
from proa.cluster.kubelet.volumes.plugin import ReadyVolume, VolumeRequest, volume_plugin
from proa.kube import PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES, Object


@volume_plugin("persistentVolumeClaim", "persistent-volume-claim")
async def set_up(source: Object, request: VolumeRequest) -> ReadyVolume:
    volume = await _bound_volume(source["claimName"], request)
    read_only = bool(source.get("readOnly")) or _only_reads(volume)
    path = await asyncio.to_thread(_locate, volume, request, read_only=read_only)
    return ReadyVolume(path, read_only)


async def _bound_volume(claim_name: str, request: VolumeRequest) -> Object:
    """The volume of a claim that is bound to it and to which it is bound. Raises VolumeProblem."""
    namespace = request.pod["metadata"]["namespace"]
    claim = await _fetch(Reference(PERSISTENT_VOLUME_CLAIMS, namespace, claim_name), request)
    where = f"error processing PVC {namespace}/{claim_name}"
    name = claim["spec"].get("volumeName")
    if not name or (claim.get("status") or {}).get("phase") != "Bound":
        raise VolumeProblem(f"{where}: PVC is not bound")
    volume = await _fetch(Reference(PERSISTENT_VOLUMES, "", name), request)
    if (volume["spec"].get("claimRef") or {}).get("uid") != claim["metadata"]["uid"]:
        raise VolumeProblem(f"{where}: PV {name} is not bound to this claim")
    if volume["spec"].get("volumeMode") == "Block":
        raise VolumeProblem(f"{where}: PV {name} has volumeMode Block, which this node cannot offer")
    return volume


async def _fetch(reference: Reference, request: VolumeRequest) -> Object:
    await request.hold([reference])
    found = request.lookup(reference)
    if found is None:
        raise VolumeProblem(f"{reference} not found")
    return found


def _only_reads(volume: Object) -> bool:
    return set(volume["spec"].get("accessModes") or ()) == {"ReadOnlyMany"}


def _locate(volume: Object, request: VolumeRequest, *, read_only: bool) -> Path:
    spec = volume["spec"]
    if "hostPath" in spec:
        path = Path(spec["hostPath"]["path"])
        check_host_path(path, spec["hostPath"].get("type") or "")
        return path
    if "local" in spec:
        path = Path(spec["local"]["path"])
        if not path.exists():
            raise VolumeProblem(f"path {str(path)!r} of PV {volume['metadata']['name']} does not exist")
        if request.fs_group is not None and not read_only:
            _own(path, request.fs_group, request.pod)
        return path
    name = volume["metadata"]["name"]
    raise VolumeProblem(f"PV {name} is neither local nor hostPath, which is what this node can mount")


def _own(path: Path, group: int, pod: Object) -> None:
    lazy = security_context(pod["spec"]).get("fsGroupChangePolicy") == "OnRootMismatch"
    if not (lazy and belongs_to_group(path, group)):
        give_to_group(path, group)
