"""Whether a set of RBAC rules allows a request. Pure.

Source: Kubernetes RBAC; `*` stands for all, `resources: [pods/*]` for all subresources,
`*/scale` for one subresource of all kinds, a trailing `*` in nonResourceURLs for a prefix.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from proa.kube.selectors import parse_field_selector

Rule = Mapping[str, Any]
"""A PolicyRule of rbac.authorization.k8s.io/v1."""


@dataclass(frozen=True, slots=True)
class Action:
    """What is to be done: on a resource, or on a path that is none."""

    verb: str
    group: str = ""
    resource: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    path: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    """The (field, value) pairs that a list's or watch's field selector requires to be equal."""

    def describe(self) -> str:
        """`cannot list resource "pods" in API group "" in the namespace "ns"`."""
        if self.path:
            return f'cannot {self.verb} path "{self.path}"'
        what = f"{self.resource}/{self.subresource}" if self.subresource else self.resource
        where = f'in the namespace "{self.namespace}"' if self.namespace else "at the cluster scope"
        return f'cannot {self.verb} resource "{what}" in API group "{self.group}" {where}'


def narrowed(action: Action, field_selector: str) -> Action:
    """The action with what its field selector requires; a bad one, which is refused later, says nothing."""
    try:
        selector = parse_field_selector(field_selector)
    except ValueError:
        return action
    equal = [(r.key, next(iter(r.values))) for r in selector.requirements if r.operator == "In"]
    name = dict(equal).get("metadata.name", action.name)
    return replace(action, fields=tuple(equal), name=action.name or name)


def allows(rules: Iterable[Rule], action: Action) -> bool:
    """Whether any rule covers the action."""
    return any(_covers(rule, action) for rule in rules)


def _covers(rule: Rule, action: Action) -> bool:
    if not _has(rule.get("verbs"), action.verb):
        return False
    if action.path:
        return any(_path_matches(pattern, action.path) for pattern in rule.get("nonResourceURLs") or ())
    return (
        _has(rule.get("apiGroups"), action.group)
        and _resource_matches(rule.get("resources") or (), action)
        and (not rule.get("resourceNames") or action.name in rule["resourceNames"])
    )


def _has(values: Sequence[str] | None, wanted: str) -> bool:
    return values is not None and (wanted in values or "*" in values)


def _resource_matches(resources: Sequence[str], action: Action) -> bool:
    if "*" in resources:
        return True
    if not action.subresource:
        return action.resource in resources
    return f"{action.resource}/{action.subresource}" in resources or f"*/{action.subresource}" in resources


def _path_matches(pattern: str, path: str) -> bool:
    return path.startswith(pattern[:-1]) if pattern.endswith("*") else path == pattern
