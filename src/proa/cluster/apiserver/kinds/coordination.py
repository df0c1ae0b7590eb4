"""coordination.k8s.io: leases."""

from proa.cluster.apiserver.kind import Group

KINDS = (Group("coordination.k8s.io").namespaced("leases", "Lease", create_on_update=True),)
