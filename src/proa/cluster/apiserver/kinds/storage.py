"""storage.k8s.io: classes, drivers and attachments."""

from proa.cluster.apiserver.columns import storage as columns
from proa.cluster.apiserver.defaults import status
from proa.cluster.apiserver.defaults import storage as defaults
from proa.cluster.apiserver.kind import STATUS, Group
from proa.cluster.apiserver.validation import storage as rules

_STORAGE = Group("storage.k8s.io")

KINDS = (
    _STORAGE.cluster_wide(
        "csidrivers",
        "CSIDriver",
        unconditional_updates=False,
        returns_deleted=True,
        columns=columns.CSI_DRIVERS,
        defaults=(defaults.csi_driver,),
    ),
    _STORAGE.cluster_wide(
        "csinodes",
        "CSINode",
        status_alone=True,
        unconditional_updates=False,
        returns_deleted=True,
        subresources=(STATUS,),
        columns=columns.CSI_NODES,
        first_status=status.empty,
    ),
    _STORAGE.namespaced("csistoragecapacities", "CSIStorageCapacity", columns=columns.CSI_STORAGE_CAPACITIES),
    _STORAGE.cluster_wide(
        "storageclasses",
        "StorageClass",
        returns_deleted=True,
        short_names=("sc",),
        columns=columns.STORAGE_CLASSES,
        defaults=(defaults.storage_class,),
        rules=(rules.storage_class,),
    ),
    _STORAGE.cluster_wide(
        "volumeattachments",
        "VolumeAttachment",
        status_alone=True,
        unconditional_updates=False,
        returns_deleted=True,
        subresources=(STATUS,),
        columns=columns.VOLUME_ATTACHMENTS,
        first_status=status.unattached,
    ),
    _STORAGE.cluster_wide(
        "volumeattributesclasses",
        "VolumeAttributesClass",
        returns_deleted=True,
        short_names=("vac",),
        columns=columns.VOLUME_ATTRIBUTES_CLASSES,
    ),
)
