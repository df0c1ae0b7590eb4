"""rbac.authorization.k8s.io: roles and who has them."""

from proa.cluster.apiserver.kind import Group

_RBAC = Group("rbac.authorization.k8s.io")

KINDS = (
    _RBAC.cluster_wide("clusterrolebindings", "ClusterRoleBinding"),
    _RBAC.cluster_wide("clusterroles", "ClusterRole"),
    _RBAC.namespaced("rolebindings", "RoleBinding"),
    _RBAC.namespaced("roles", "Role"),
)
