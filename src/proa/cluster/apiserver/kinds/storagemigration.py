"""storagemigration.k8s.io: rewriting stored objects."""

from proa.cluster.apiserver.kind import STATUS, Group

KINDS = (
    Group("storagemigration.k8s.io").cluster_wide(
        "storageversionmigrations", "StorageVersionMigration", subresources=(STATUS,)
    ),
)
