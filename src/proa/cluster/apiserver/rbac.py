"""The rules that each user has, from the roles and bindings in the store.

Rules are looked up once for a user and kept until any role or binding changes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from proa.cluster.apiserver import authorizer
from proa.cluster.apiserver.authorizer import Action, Rule
from proa.cluster.apiserver.identity import MASTERS, SERVICE_ACCOUNT_PREFIX, User
from proa.cluster.apiserver.target import Target, key_prefix
from proa.cluster.apiserver.view import View
from proa.errors import Forbidden
from proa.kube.resources import Object, Resource

GROUP = "rbac.authorization.k8s.io"
ROLES = Resource(GROUP, "v1", "roles", "Role")
ROLE_BINDINGS = Resource(GROUP, "v1", "rolebindings", "RoleBinding")
CLUSTER_ROLES = Resource(GROUP, "v1", "clusterroles", "ClusterRole", namespaced=False)
CLUSTER_ROLE_BINDINGS = Resource(GROUP, "v1", "clusterrolebindings", "ClusterRoleBinding", namespaced=False)
_KINDS = (ROLES, ROLE_BINDINGS, CLUSTER_ROLES, CLUSTER_ROLE_BINDINGS)


@dataclass
class Rules:
    """Rules of one user: everywhere, and by namespace."""

    everywhere: list[Rule] = field(default_factory=list)
    by_namespace: dict[str, list[Rule]] = field(default_factory=dict)


class Rbac:
    """Decides who may do what."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._revisions: tuple[int, ...] = ()
        self._rules: dict[tuple[str, tuple[str, ...]], Rules] = {}

    def require(self, user: User, action: Action, target: Target | None = None) -> None:
        """Raises Forbidden unless the user may do it."""
        if MASTERS in user.groups or self.allowed(user, action):
            return
        if target is None:
            raise Forbidden(f'forbidden: User "{user.name}" {action.describe()}')
        name = f' "{action.name}"' if action.name else ""
        message = f'{target.qualified}{name} is forbidden: User "{user.name}" {action.describe()}'
        raise Forbidden(message, target.details())

    def allowed(self, user: User, action: Action) -> bool:
        """Whether the user may do it."""
        if MASTERS in user.groups:
            return True
        rules = self.rules(user)
        if authorizer.allows(rules.everywhere, action):
            return True
        local = rules.by_namespace.get(action.namespace, ()) if action.namespace else ()
        return authorizer.allows(local, action)

    def rules(self, user: User) -> Rules:
        """All rules of a user."""
        revisions = tuple(self._view.store.touched(key_prefix(resource)) for resource in _KINDS)
        if revisions != self._revisions:
            self._revisions, self._rules = revisions, {}
        key = (user.name, user.groups)
        if key not in self._rules:
            self._rules[key] = self._collect(user)
        return self._rules[key]

    def _collect(self, user: User) -> Rules:
        rules = Rules()
        for binding in self._bindings(CLUSTER_ROLE_BINDINGS, user):
            rules.everywhere += self._role_rules(binding, "")
        for binding in self._bindings(ROLE_BINDINGS, user):
            namespace = binding["metadata"]["namespace"]
            rules.by_namespace.setdefault(namespace, []).extend(self._role_rules(binding, namespace))
        return rules

    def _bindings(self, resource: Resource, user: User) -> Iterator[Object]:
        for binding in self._view.list(resource):
            namespace = binding["metadata"].get("namespace", "")
            if any(is_subject(subject, user, namespace) for subject in binding.get("subjects") or ()):
                yield binding

    def _role_rules(self, binding: Object, namespace: str) -> list[Rule]:
        reference = binding["roleRef"]
        if reference["kind"] == "ClusterRole":
            role = self._view.get(CLUSTER_ROLES, reference["name"])
        else:
            role = self._view.get(ROLES, reference["name"], namespace)
        return list((role or {}).get("rules") or ())


def is_subject(subject: Object, user: User, namespace: str) -> bool:
    """Whether a binding's subject is the user or a group that the user is in."""
    kind, name = subject["kind"], subject["name"]
    if kind == "User":
        return bool(name == user.name)
    if kind == "Group":
        return name in user.groups
    return user.name == f"{SERVICE_ACCOUNT_PREFIX}{subject.get('namespace') or namespace}:{name}"
