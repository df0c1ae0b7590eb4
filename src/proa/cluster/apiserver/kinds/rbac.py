"""rbac.authorization.k8s.io: roles and who has them."""

from proa.cluster.apiserver.columns import policies as columns
from proa.cluster.apiserver.defaults import policies as defaults
from proa.cluster.apiserver.kind import Group
from proa.cluster.apiserver.validation import policies as rules

_RBAC = Group("rbac.authorization.k8s.io")

KINDS = (
    _RBAC.cluster_wide(
        "clusterrolebindings",
        "ClusterRoleBinding",
        columns=columns.ROLE_BINDINGS,
        defaults=(defaults.role_binding,),
        rules=(rules.role_binding,),
    ),
    _RBAC.cluster_wide("clusterroles", "ClusterRole", columns=columns.CREATED_AT, rules=(rules.role,)),
    _RBAC.namespaced(
        "rolebindings",
        "RoleBinding",
        columns=columns.ROLE_BINDINGS,
        defaults=(defaults.role_binding,),
        rules=(rules.role_binding,),
    ),
    _RBAC.namespaced("roles", "Role", columns=columns.CREATED_AT, rules=(rules.role,)),
)
