"""coordination.k8s.io: leases."""

from proa.cluster.apiserver.columns import cluster as columns
from proa.cluster.apiserver.kind import Group

KINDS = (
    Group("coordination.k8s.io").namespaced(
        "leases", "Lease", unconditional_updates=False, columns=columns.LEASES
    ),
)
