"""authentication.k8s.io: questions about who somebody is; nothing is stored."""

from proa.cluster.apiserver.kind import Group

_AUTHENTICATION = Group("authentication.k8s.io")

KINDS = (
    _AUTHENTICATION.cluster_wide("selfsubjectreviews", "SelfSubjectReview", verbs=("create",)),
    _AUTHENTICATION.cluster_wide("tokenreviews", "TokenReview", verbs=("create",)),
)
