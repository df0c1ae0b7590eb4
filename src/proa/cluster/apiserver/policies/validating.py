"""ValidatingAdmissionPolicy as an admission step."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from proa.cluster.apiserver.admission import Request, annotate
from proa.cluster.apiserver.authorization import Authorizer
from proa.cluster.apiserver.kinds.registry import Registry
from proa.cluster.apiserver.policies.activation import activation, namespace_of_request
from proa.cluster.apiserver.policies.catalogue import Binding, Bound, Catalogue
from proa.cluster.apiserver.policies.params import ParamsError, collect
from proa.cluster.apiserver.policies.refusal import refused
from proa.cluster.apiserver.policies.validating_policy import (
    ValidatingPolicy,
    Verdict,
    Violation,
    compile_policy,
)
from proa.cluster.apiserver.view import View
from proa.cluster.apiserver.webhooks.equivalents import Equivalents
from proa.cluster.apiserver.webhooks.review import Seen
from proa.cluster.apiserver.webhooks.rules import EXEMPT, namespace_of
from proa.errors import NotFound
from proa.kube.resources import Resource

_GROUP = "admissionregistration.k8s.io"
POLICIES = Resource(
    _GROUP, "v1", "validatingadmissionpolicies", "ValidatingAdmissionPolicy", namespaced=False
)
BINDINGS = Resource(
    _GROUP, "v1", "validatingadmissionpolicybindings", "ValidatingAdmissionPolicyBinding", namespaced=False
)
_FAILURE_KEY = "validation.policy.admission.k8s.io/validation_failure"
_MOST_FAILURES = 50


@dataclass(frozen=True, slots=True)
class _Found:
    """A violation that a binding reports."""

    policy: str
    binding: str
    violation: Violation
    actions: tuple[str, ...]

    @property
    def source(self) -> str:
        bound = f" with binding '{self.binding}'" if self.binding else ""
        return f"ValidatingAdmissionPolicy '{self.policy}'{bound}"


class ValidatingPolicies:
    """All policies, as an admission step."""

    def __init__(self, view: View, authorizer: Authorizer, kinds: Registry, equivalents: Equivalents) -> None:
        self._catalogue = Catalogue(view, POLICIES, BINDINGS, compile_policy)
        self._authorizer = authorizer
        self._equivalents = equivalents
        self._kinds = kinds

    async def admit(self, request: Request, view: View) -> None:
        """Raises Refused for the first violation that a binding denies."""
        bound = self._catalogue.bound()
        if not bound or request.target.qualified in EXEMPT:
            return
        found = [item for each in bound for item in await self._judged(each, request, view)]
        _warn(request, found)
        _note(found)
        denied = next((item for item in found if "Deny" in item.actions), None)
        if denied:
            violation = denied.violation
            raise refused(request, f"{denied.source} denied request: {violation.message}", violation.reason)

    async def _judged(self, bound: Bound[ValidatingPolicy], request: Request, view: View) -> list[_Found]:
        policy = bound.policy
        try:
            resource = policy.match.resource(request, view, self._equivalents.of(request.target))
        except NotFound as error:
            return list(_misconfigured(policy, "", f"failed to configure policy: {error}"))
        if resource is None:
            return []
        seen = await self._equivalents.seen(request, resource)
        return list(self._bound_verdicts(bound, seen, request, view))

    def _bound_verdicts(
        self, bound: Bound[ValidatingPolicy], seen: Seen, request: Request, view: View
    ) -> Iterator[_Found]:
        policy = bound.policy
        annotations: dict[str, list[str]] = {}
        for binding in bound.bindings:
            try:
                verdicts = list(self._verdicts(policy, binding, seen, request, view))
            except (ParamsError, NotFound) as error:
                yield from _misconfigured(policy, binding.name, f"failed to configure binding: {error}")
                continue
            for verdict in verdicts:
                yield from _reported(policy, binding, verdict, annotations)
        for key, values in annotations.items():
            annotate(f"{policy.name}/{key}", ", ".join(dict.fromkeys(values)))

    def _verdicts(
        self, policy: ValidatingPolicy, binding: Binding, seen: Seen, request: Request, view: View
    ) -> Iterator[Verdict]:
        if binding.match.resource(request, view, self._equivalents.of(request.target)) is None:
            return
        params = collect(policy.param_kind, binding.params, namespace_of(request), self._kinds, view)
        if not params:
            return
        namespace = namespace_of_request(request, view)
        values = activation(request, seen, namespace, self._authorizer)
        for param in params:
            yield policy.judge({**values, "params": param})


def _misconfigured(policy: ValidatingPolicy, binding: str, message: str) -> Iterator[_Found]:
    if not policy.ignores_failure:
        yield _Found(policy.name, binding, Violation(0, message), ("Deny",))


def _reported(
    policy: ValidatingPolicy, binding: Binding, verdict: Verdict, annotations: dict[str, list[str]]
) -> Iterator[_Found]:
    for violation in verdict.violations:
        yield _Found(policy.name, binding.name, violation, binding.actions)
    for message in verdict.annotation_errors:
        yield _Found(policy.name, binding.name, Violation(0, message), ("Deny",))
    for key, value in verdict.annotations.items():
        annotations.setdefault(key, []).append(value)


def _warn(request: Request, found: list[_Found]) -> None:
    request.warnings.extend(
        f"Validation failed for {item.source}: {item.violation.message}"
        for item in found
        if "Warn" in item.actions
    )


def _note(found: list[_Found]) -> None:
    failures = [
        {
            "message": item.violation.message,
            "policy": item.policy,
            "binding": item.binding,
            "expressionIndex": item.violation.index,
            "validationActions": list(item.actions),
        }
        for item in found
        if "Audit" in item.actions
    ]
    if failures:
        annotate(_FAILURE_KEY, json.dumps(failures[:_MOST_FAILURES], separators=(",", ":")))
