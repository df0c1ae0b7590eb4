"""authorization.k8s.io: questions about who may do what; nothing is stored."""

from proa.cluster.apiserver.kind import Group

_AUTHORIZATION = Group("authorization.k8s.io")

KINDS = (
    _AUTHORIZATION.namespaced("localsubjectaccessreviews", "LocalSubjectAccessReview", verbs=("create",)),
    _AUTHORIZATION.cluster_wide("selfsubjectaccessreviews", "SelfSubjectAccessReview", verbs=("create",)),
    _AUTHORIZATION.cluster_wide("selfsubjectrulesreviews", "SelfSubjectRulesReview", verbs=("create",)),
    _AUTHORIZATION.cluster_wide("subjectaccessreviews", "SubjectAccessReview", verbs=("create",)),
)
