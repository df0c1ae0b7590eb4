"""node.k8s.io: ways to run containers."""

from proa.cluster.apiserver.columns import cluster as columns
from proa.cluster.apiserver.kind import Group

KINDS = (
    Group("node.k8s.io").cluster_wide(
        "runtimeclasses", "RuntimeClass", unconditional_updates=False, columns=columns.RUNTIME_CLASSES
    ),
)
