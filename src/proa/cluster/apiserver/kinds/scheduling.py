"""scheduling.k8s.io: priorities."""

from proa.cluster.apiserver.kind import Group

KINDS = (
    Group("scheduling.k8s.io").cluster_wide(
        "priorityclasses", "PriorityClass", short_names=("pc",), generation=True
    ),
)
