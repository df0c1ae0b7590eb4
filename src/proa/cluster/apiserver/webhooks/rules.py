"""Which requests a webhook asks to see. Pure.

Source: apiserver pkg/admission/plugin/webhook/predicates.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from proa.cluster.apiserver.admission import Request
from proa.kube.resources import NAMESPACES, Object, Resource
from proa.kube.selectors import Selector

_CONFIGURATIONS = frozenset(
    f"{plural}.admissionregistration.k8s.io"
    for plural in (
        "mutatingwebhookconfigurations",
        "validatingwebhookconfigurations",
        "mutatingadmissionpolicies",
        "mutatingadmissionpolicybindings",
        "validatingadmissionpolicies",
        "validatingadmissionpolicybindings",
    )
)
_REVIEWS = frozenset(
    {
        "selfsubjectreviews.authentication.k8s.io",
        "tokenreviews.authentication.k8s.io",
        "localsubjectaccessreviews.authorization.k8s.io",
        "selfsubjectaccessreviews.authorization.k8s.io",
        "selfsubjectrulesreviews.authorization.k8s.io",
        "subjectaccessreviews.authorization.k8s.io",
    }
)
EXEMPT = _CONFIGURATIONS | _REVIEWS
"""What webhooks never see, so that none can lock the cluster up."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a webhook or policy."""

    groups: frozenset[str]
    versions: frozenset[str]
    resources: frozenset[tuple[str, str]]
    """Plural and subresource; `*` is any."""
    operations: frozenset[str]
    scope: str

    @classmethod
    def of(cls, rule: Mapping[str, Any]) -> Rule:
        """From a RuleWithOperations."""
        parted = (name.partition("/") for name in rule.get("resources") or ())
        return cls(
            frozenset(rule.get("apiGroups") or ()),
            frozenset(rule.get("apiVersions") or ()),
            frozenset((plural, subresource) for plural, _, subresource in parted),
            frozenset(rule.get("operations") or ()),
            rule.get("scope") or "*",
        )

    def covers(self, resource: Resource, request: Request) -> bool:
        """Whether the rule is about the request as one for that resource."""
        return (
            _any_of(self.operations, request.operation)
            and _any_of(self.groups, resource.group)
            and _any_of(self.versions, resource.version)
            and self._names(resource.plural, request.target.subresource)
            and self._reaches(request)
        )

    def _names(self, plural: str, subresource: str) -> bool:
        return any(name in (plural, "*") and sub in (subresource, "*") for name, sub in self.resources)

    def _reaches(self, request: Request) -> bool:
        if self.scope == "*":
            return True
        return (self.scope == "Namespaced") == bool(request.target.namespace)


def _any_of(names: frozenset[str], name: str) -> bool:
    return "*" in names or name in names


def matching_resource(
    rules: Iterable[Rule], request: Request, equivalents: Sequence[Resource] = ()
) -> Resource | None:
    """The resource as which the rules cover the request; its own, or an equivalent one."""
    own, rules = request.target.resource, tuple(rules)
    if any(rule.covers(own, request) for rule in rules):
        return own
    return next((other for rule in rules for other in equivalents if rule.covers(other, request)), None)


def namespace_of(request: Request) -> str:
    """The namespace that a request is in; a Namespace is in itself."""
    if request.target.resource == NAMESPACES:
        return request.name
    return request.target.namespace


def selects_object(selector: Selector, request: Request) -> bool:
    """Whether the object's labels match, now or before."""
    if not selector.requirements:
        return True
    now = () if request.operation == "DELETE" else (request.obj,)
    before = () if request.old is None else (request.old,)
    return any(selector.matches(labels) for labels in map(_labels, (*now, *before)) if labels is not None)


def _labels(obj: Object) -> Mapping[str, str] | None:
    """The labels; None for what has no metadata, such as the options of a connection."""
    metadata = obj.get("metadata")
    return None if metadata is None else metadata.get("labels") or {}
