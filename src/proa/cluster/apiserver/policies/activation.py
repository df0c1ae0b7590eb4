"""The values of the variables for one request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from proa.cluster.apiserver.admission import Request
from proa.cluster.apiserver.authorization import Authorizer
from proa.cluster.apiserver.authorizer import Action
from proa.cluster.apiserver.identity import User, service_account
from proa.cluster.apiserver.policies.declarations import REQUEST_RESOURCE
from proa.cluster.apiserver.view import View
from proa.cluster.apiserver.webhooks.review import Seen, review
from proa.cluster.apiserver.webhooks.rules import namespace_of
from proa.cluster.cel import Budget, Failure, Program
from proa.cluster.cel.functions.authorization import Authorizer as AuthorizerValue
from proa.cluster.cel.functions.authorization import Decision, Question, ResourceCheck
from proa.errors import NotFound
from proa.kube.resources import NAMESPACES, Object

_HIDDEN = frozenset({"uid", "object", "oldObject"})


def activation(
    request: Request, seen: Seen, namespace: Object | None, authorizer: Authorizer
) -> dict[str, Any]:
    """What expressions see of a request, taken as one for a resource in some version."""
    decide = _decider(request.user, authorizer)
    target = request.target
    own = Question(
        group=target.resource.group,
        resource=target.resource.plural,
        subresource=target.subresource,
        namespace=target.namespace,
        name=request.name,
    )
    return {
        "object": seen.obj,
        "oldObject": seen.old,
        "namespaceObject": namespace,
        "request": _shown(request, seen),
        "authorizer": AuthorizerValue(decide),
        REQUEST_RESOURCE: ResourceCheck(decide, own),
    }


def _shown(request: Request, seen: Seen) -> Object:
    body = review(request, seen, "v1")["request"]
    if request.target.resource == NAMESPACES:
        body["namespace"] = request.target.namespace or request.name
    return {key: value for key, value in body.items() if key not in _HIDDEN}


def namespace_of_request(request: Request, view: View) -> Object | None:
    """The namespace that a request is in; none for a Namespace itself. Raises NotFound."""
    name = namespace_of(request)
    if not name or request.target.resource == NAMESPACES:
        return None
    found = view.get(NAMESPACES, name)
    if found is None:
        raise NotFound(f'namespaces "{name}" not found', {"name": name, "kind": "namespaces"})
    return found


def _decider(user: User, authorizer: Authorizer) -> Any:
    def decide(question: Question) -> Decision:
        who = service_account(*question.account, "", {}) if question.account[1] else user
        action = Action(
            verb=question.verb,
            group=question.group,
            resource=question.resource,
            subresource=question.subresource,
            namespace=question.namespace,
            name=question.name,
            path=question.path,
        )
        said = authorizer.decide(who, action)
        return Decision(said.allowed, said.reason)

    return decide


class LazyVariables(dict[str, Any]):
    """A policy's own variables, each evaluated when it is first read."""

    def __init__(self, programs: Mapping[str, Program], values: dict[str, Any], budget: Budget) -> None:
        super().__init__()
        self._programs, self._values, self._budget = programs, values, budget
        values["variables"] = self

    def __missing__(self, name: str) -> Any:
        if name not in self._programs:
            raise KeyError(name)
        try:
            value = self._programs[name].evaluate(self._values, self._budget)
        except Failure as error:
            raise Failure(f'composited variable "{name}" fails to evaluate: {error}') from None
        self[name] = value
        return value

    def __contains__(self, name: object) -> bool:
        return name in self._programs
