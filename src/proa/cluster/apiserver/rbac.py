"""The rules that each user has, from the roles and bindings in the store.

Rules are looked up once for a user and kept until any role or binding changes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from proa.cluster.apiserver import authorizer
from proa.cluster.apiserver.authorizer import Action, Rule
from proa.cluster.apiserver.identity import SERVICE_ACCOUNT_PREFIX, User
from proa.cluster.apiserver.target import key_prefix
from proa.cluster.apiserver.view import View
from proa.kube.resources import Object, Resource

GROUP = "rbac.authorization.k8s.io"
ROLES = Resource(GROUP, "v1", "roles", "Role")
ROLE_BINDINGS = Resource(GROUP, "v1", "rolebindings", "RoleBinding")
CLUSTER_ROLES = Resource(GROUP, "v1", "clusterroles", "ClusterRole", namespaced=False)
CLUSTER_ROLE_BINDINGS = Resource(GROUP, "v1", "clusterrolebindings", "ClusterRoleBinding", namespaced=False)
_KINDS = (ROLES, ROLE_BINDINGS, CLUSTER_ROLES, CLUSTER_ROLE_BINDINGS)
_PREFIXES = tuple(key_prefix(resource) for resource in _KINDS)
_REMEMBERED = 1024
"""Users, and for each of them decisions."""


@dataclass(slots=True)
class Grant:
    """What one binding gives a user, and how that came about in words."""

    rules: list[Rule]
    why: str


@dataclass(slots=True)
class Rules:
    """Rules of one user: everywhere, and by namespace."""

    everywhere: list[Rule] = field(default_factory=list)
    by_namespace: dict[str, list[Rule]] = field(default_factory=dict)
    grants: list[tuple[str, Grant]] = field(default_factory=list)
    """The same, each with the namespace it holds in; empty for everywhere."""
    decisions: dict[Action, bool] = field(default_factory=dict)
    """What was asked before."""

    def inside(self, namespace: str) -> list[Rule]:
        """All that hold in a namespace; for the cluster's own objects when that is empty."""
        return [*self.everywhere, *(self.by_namespace.get(namespace, ()) if namespace else ())]

    def decide(self, action: Action) -> bool:
        """Whether the rules allow it; remembered."""
        if len(self.decisions) >= _REMEMBERED:
            self.decisions.clear()
        decision = self.decisions[action] = authorizer.allows(self.inside(action.namespace), action)
        return decision


class Rbac:
    """Decides by roles and bindings who may do what."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._checked = -1
        """The store's revision at which the rules were current."""
        self._revisions: tuple[int, ...] = ()
        self._rules: dict[tuple[str, tuple[str, ...]], Rules] = {}

    def allows(self, user: User, action: Action) -> bool:
        """Whether the user may do it."""
        rules = self.rules(user)
        decision = rules.decisions.get(action)
        return rules.decide(action) if decision is None else decision

    def reason(self, user: User, action: Action) -> str:
        """By which binding the user may do it; empty when by none."""
        for namespace, grant in self.rules(user).grants:
            if namespace in ("", action.namespace) and authorizer.allows(grant.rules, action):
                return f"RBAC: allowed by {grant.why}"
        return ""

    def rules(self, user: User) -> Rules:
        """All rules of a user."""
        if self._view.store.revision != self._checked:
            self._forget_old()
        key = (user.name, user.groups)
        rules = self._rules.get(key)
        if rules is None:
            if len(self._rules) >= _REMEMBERED:
                self._rules.clear()
            rules = self._rules[key] = self._collect(user)
        return rules

    def _forget_old(self) -> None:
        self._checked = self._view.store.revision
        revisions = tuple([self._view.store.touched(prefix) for prefix in _PREFIXES])
        if revisions != self._revisions:
            self._revisions, self._rules = revisions, {}

    def role_rules(self, reference: Object, namespace: str) -> list[Rule] | None:
        """The rules of the role that a binding refers to; None when there is no such role."""
        if reference["kind"] == "ClusterRole":
            role = self._view.get(CLUSTER_ROLES, reference["name"])
        else:
            role = self._view.get(ROLES, reference["name"], namespace)
        return None if role is None else list(role.get("rules") or ())

    def _collect(self, user: User) -> Rules:
        rules = Rules()
        for binding, subject in self._bindings(CLUSTER_ROLE_BINDINGS, user):
            given = self.role_rules(binding["roleRef"], "") or []
            rules.everywhere += given
            rules.grants.append(("", Grant(given, _describe(binding, subject))))
        for binding, subject in self._bindings(ROLE_BINDINGS, user):
            namespace = binding["metadata"]["namespace"]
            given = self.role_rules(binding["roleRef"], namespace) or []
            rules.by_namespace.setdefault(namespace, []).extend(given)
            rules.grants.append((namespace, Grant(given, _describe(binding, subject))))
        return rules

    def _bindings(self, resource: Resource, user: User) -> Iterator[tuple[Object, Object]]:
        """The bindings that name the user, each with the first subject that does."""
        for binding in self._view.list(resource):
            namespace = binding["metadata"].get("namespace", "")
            for subject in binding.get("subjects") or ():
                if is_subject(subject, user, namespace):
                    yield binding, subject
                    break


def is_subject(subject: Object, user: User, namespace: str) -> bool:
    """Whether a binding's subject is the user or a group that the user is in."""
    kind, name = subject["kind"], subject["name"]
    if kind == "User":
        return bool(name == user.name)
    if kind == "Group":
        return name in user.groups
    return user.name == f"{SERVICE_ACCOUNT_PREFIX}{subject.get('namespace') or namespace}:{name}"


def _describe(binding: Object, subject: Object) -> str:
    """`ClusterRoleBinding "b" of ClusterRole "r" to User "u"`."""
    metadata, role = binding["metadata"], binding["roleRef"]
    namespace = metadata.get("namespace", "")
    name = f"{metadata['name']}/{namespace}" if namespace else metadata["name"]
    whom = subject["name"]
    if subject["kind"] == "ServiceAccount":
        whom = f"{whom}/{subject.get('namespace') or namespace}"
    return f'{binding["kind"]} "{name}" of {role["kind"]} "{role["name"]}" to {subject["kind"]} "{whom}"'
