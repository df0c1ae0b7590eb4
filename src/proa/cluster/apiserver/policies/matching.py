"""What a policy or a binding is about: MatchResources.

Source: apiserver, pkg/admission/plugin/policy/matching.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from proa.cluster.apiserver import codec
from proa.cluster.apiserver.admission import Request
from proa.cluster.apiserver.target import object_key
from proa.cluster.apiserver.view import View
from proa.cluster.apiserver.webhooks.rules import Rule, namespace_of, selects_object
from proa.errors import NotFound
from proa.kube.resources import NAMESPACES, Resource
from proa.kube.selectors import Selector, label_selector


@dataclass(frozen=True, slots=True)
class NamedRule:
    """A rule that may be about objects of certain names only."""

    rule: Rule
    names: frozenset[str]

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> NamedRule:
        """From a NamedRuleWithOperations."""
        return cls(Rule.of(entry), frozenset(entry.get("resourceNames") or ()))

    def covers(self, resource: Resource, request: Request) -> bool:
        """Whether the rule is about the request as one for that resource."""
        named = not self.names or request.name in self.names
        return named and self.rule.covers(resource, request)


@dataclass(frozen=True, slots=True)
class Match:
    """Compiled MatchResources; without rules everything is matched."""

    rules: Sequence[NamedRule]
    excluded: Sequence[NamedRule]
    namespaces: Selector
    objects: Selector
    equivalent: bool

    @classmethod
    def of(cls, entry: Mapping[str, Any] | None) -> Match:
        """From MatchResources; None matches everything."""
        given = entry or {}
        return cls(
            tuple(map(NamedRule.of, given.get("resourceRules") or ())),
            tuple(map(NamedRule.of, given.get("excludeResourceRules") or ())),
            label_selector(given.get("namespaceSelector")) or Selector(),
            label_selector(given.get("objectSelector")) or Selector(),
            equivalent=given.get("matchPolicy") != "Exact",
        )

    def resource(self, request: Request, view: View, others: Sequence[Resource]) -> Resource | None:
        """The resource as which the request is matched; None when it is not. Raises NotFound.

        `others` are the resources under which the object is served as well.
        """
        if self._matched(self.excluded, request, others):
            return None
        if not selects_object(self.objects, request) or not self._selects_namespace(request, view):
            return None
        return self._matched(self.rules, request, others) if self.rules else request.target.resource

    def _matched(
        self, rules: Sequence[NamedRule], request: Request, others: Sequence[Resource]
    ) -> Resource | None:
        own = request.target.resource
        if any(rule.covers(own, request) for rule in rules):
            return own
        known = others if self.equivalent else ()
        return next((other for rule in rules for other in known if rule.covers(other, request)), None)

    def _selects_namespace(self, request: Request, view: View) -> bool:
        name = namespace_of(request)
        if not self.namespaces.requirements or not name:
            return True
        if request.target.resource == NAMESPACES and request.operation in ("CREATE", "UPDATE"):
            return self.namespaces.matches((request.obj.get("metadata") or {}).get("labels") or {})
        entry = view.store.get(object_key(NAMESPACES, name))
        if entry is None:
            raise NotFound(f'namespaces "{name}" not found', {"name": name, "kind": "namespaces"})
        return self.namespaces.matches(codec.notes(entry).labels)
