"""storagemigration.k8s.io: rewriting stored objects."""

from proa.cluster.apiserver.kind import STATUS, Group
from proa.cluster.apiserver.validation import migrations as rules

KINDS = (
    Group("storagemigration.k8s.io").cluster_wide(
        "storageversionmigrations",
        "StorageVersionMigration",
        subresources=(STATUS,),
        rules=(rules.storage_version_migration,),
    ),
)
