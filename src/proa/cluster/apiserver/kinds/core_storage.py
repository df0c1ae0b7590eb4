"""The core group (`v1`): volumes and claims."""

from proa.cluster.apiserver.columns import storage as columns
from proa.cluster.apiserver.defaults import status
from proa.cluster.apiserver.defaults import storage as defaults
from proa.cluster.apiserver.kind import STATUS, Group
from proa.cluster.apiserver.validation import storage as rules

_CORE = Group("")

KINDS = (
    _CORE.namespaced(
        "persistentvolumeclaims",
        "PersistentVolumeClaim",
        returns_deleted=True,
        short_names=("pvc",),
        subresources=(STATUS,),
        columns=columns.PERSISTENT_VOLUME_CLAIMS,
        defaults=(defaults.persistent_volume_claim,),
        rules=(rules.persistent_volume_claim, rules.claim_update),
        first_status=status.pending,
    ),
    _CORE.cluster_wide(
        "persistentvolumes",
        "PersistentVolume",
        returns_deleted=True,
        short_names=("pv",),
        subresources=(STATUS,),
        columns=columns.PERSISTENT_VOLUMES,
        defaults=(defaults.persistent_volume,),
        additions=(status.begun_with_object,),
        rules=(rules.persistent_volume, rules.volume_update),
        first_status=status.pending,
    ),
)
