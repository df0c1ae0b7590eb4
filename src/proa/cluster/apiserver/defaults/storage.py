"""Volumes, claims, classes and drivers."""

from __future__ import annotations

from proa.cluster.apiserver.defaults.fill import fill, fill_empty, part
from proa.kube.resources import Object


def persistent_volume(obj: Object) -> None:
    """PersistentVolume."""
    spec = part(obj, "spec")
    fill_empty(spec, persistentVolumeReclaimPolicy="Retain")
    fill(spec, volumeMode="Filesystem")
    if spec.get("hostPath"):
        fill(spec["hostPath"], type="")
    fill_empty(part(obj, "status"), phase="Pending")


def persistent_volume_claim(obj: Object) -> None:
    """PersistentVolumeClaim."""
    claim_spec(part(obj, "spec"))
    fill_empty(part(obj, "status"), phase="Pending")


def claim_spec(spec: Object) -> None:
    """A PersistentVolumeClaimSpec; a source that one of its two fields names stands in both."""
    fill(spec, volumeMode="Filesystem", resources={})
    source, reference = spec.get("dataSource"), spec.get("dataSourceRef")
    if source and not reference:
        spec["dataSourceRef"] = dict(source)
    elif reference and not source and not reference.get("namespace"):
        spec["dataSource"] = dict(reference)


def storage_class(obj: Object) -> None:
    """StorageClass."""
    fill(obj, reclaimPolicy="Delete", volumeBindingMode="Immediate")


def csi_driver(obj: Object) -> None:
    """CSIDriver."""
    spec = part(obj, "spec")
    fill(
        spec,
        attachRequired=True,
        podInfoOnMount=False,
        storageCapacity=False,
        fsGroupPolicy="ReadWriteOnceWithFSType",
        requiresRepublish=False,
        seLinuxMount=False,
        preventPodSchedulingIfMissing=False,
    )
    spec["volumeLifecycleModes"] = spec.get("volumeLifecycleModes") or ["Persistent"]
