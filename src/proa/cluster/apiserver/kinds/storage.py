"""storage.k8s.io: classes, drivers and attachments."""

from proa.cluster.apiserver.kind import STATUS, Group

_STORAGE = Group("storage.k8s.io")

KINDS = (
    _STORAGE.cluster_wide("csidrivers", "CSIDriver"),
    _STORAGE.cluster_wide("csinodes", "CSINode", subresources=(STATUS,)),
    _STORAGE.namespaced("csistoragecapacities", "CSIStorageCapacity"),
    _STORAGE.cluster_wide("storageclasses", "StorageClass", short_names=("sc",)),
    _STORAGE.cluster_wide("volumeattachments", "VolumeAttachment", subresources=(STATUS,)),
    _STORAGE.cluster_wide("volumeattributesclasses", "VolumeAttributesClass", short_names=("vac",)),
)
