"""apiregistration.k8s.io: aggregated API servers."""

from proa.cluster.apiserver.kind import STATUS, Group

KINDS = (
    Group("apiregistration.k8s.io").cluster_wide(
        "apiservices", "APIService", categories=("api-extensions",), subresources=(STATUS,)
    ),
)
