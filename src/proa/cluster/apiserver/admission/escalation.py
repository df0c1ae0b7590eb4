"""Roles and bindings: nobody grants what they do not hold, but by the verbs escalate and bind.

Source: Kubernetes RBAC, privilege escalation prevention; the check of role and binding storage.
"""

from __future__ import annotations

from proa.cluster.apiserver.admission.request import Request
from proa.cluster.apiserver.authorization import Authorizer
from proa.cluster.apiserver.authorizer import Action, Rule
from proa.cluster.apiserver.escalation import FULL, describe, uncovered
from proa.cluster.apiserver.identity import MASTERS, User
from proa.cluster.apiserver.rbac import GROUP
from proa.cluster.apiserver.view import View
from proa.errors import ApiError, Forbidden, NotFound
from proa.kube.resources import Object

_COLLECTED = ("ownerReferences", "finalizers", "managedFields", "resourceVersion")
GRANTING = tuple(
    f"{plural}.{GROUP}" for plural in ("roles", "clusterroles", "rolebindings", "clusterrolebindings")
)
"""The kinds by which rights are granted."""
_ROLE_KINDS = {"Role": "roles", "ClusterRole": "clusterroles"}


class GrantLimits:
    """The admission step, over what users hold."""

    def __init__(self, authorizer: Authorizer) -> None:
        self._authorizer = authorizer

    def admit(self, request: Request, _view: View) -> None:
        """Raises Forbidden, and NotFound for a binding to a role that is not there."""
        resource = request.target.resource
        if request.operation not in ("CREATE", "UPDATE"):
            return
        if MASTERS in request.user.groups or _only_collected(request):
            return
        if resource.plural in ("roles", "clusterroles"):
            self._check_role(request)
        else:
            self._check_binding(request)

    def _check_role(self, request: Request) -> None:
        target, user = request.target, request.user
        about = Action(
            "escalate", GROUP, target.resource.plural, namespace=target.namespace, name=request.name
        )
        if self._authorizer.allowed(user, about):
            return
        aggregates = request.obj.get("aggregationRule") or (request.old or {}).get("aggregationRule")
        if aggregates and self._lacking(user, "", FULL):
            raise _forbidden(request, "must have cluster-admin privileges to use the aggregationRule")
        self._check_grant(request, request.obj.get("rules") or ())

    def _check_binding(self, request: Request) -> None:
        reference, namespace = request.obj.get("roleRef") or {}, request.target.namespace
        plural = _ROLE_KINDS.get(reference.get("kind", ""))
        if plural is None:
            return
        about = Action("bind", GROUP, plural, namespace=namespace, name=reference.get("name", ""))
        if self._authorizer.allowed(request.user, about):
            return
        rules = self._authorizer.rbac.role_rules(reference, namespace)
        if rules is None:
            missing = request.target.of(about.name)
            raise NotFound(f'{missing.qualified} "{about.name}" not found', missing.details())
        self._check_grant(request, rules)

    def _check_grant(self, request: Request, rules: list[Rule] | tuple[Rule, ...]) -> None:
        lacking = self._lacking(request.user, request.target.namespace, rules)
        if lacking:
            groups = " ".join(f'"{group}"' for group in request.user.groups)
            raise _forbidden(
                request,
                f'user "{request.user.name}" (groups=[{groups}]) is attempting to grant RBAC permissions '
                f"not currently held:\n{describe(lacking)}",
            )

    def _lacking(self, user: User, namespace: str, rules: list[Rule] | tuple[Rule, ...]) -> list[Rule]:
        return uncovered(self._authorizer.rbac.rules(user).inside(namespace), rules)


def _only_collected(request: Request) -> bool:
    """Whether an update changes nothing but what the garbage collector does."""
    if request.old is None:
        return False
    return _without_collected(request.obj) == _without_collected(request.old)


def _without_collected(obj: Object) -> Object:
    metadata = {key: value for key, value in obj["metadata"].items() if key not in _COLLECTED}
    return {**obj, "metadata": metadata}


def _forbidden(request: Request, why: str) -> ApiError:
    about = request.target.of(request.name)
    return Forbidden(f'{about.qualified} "{about.name}" is forbidden: {why}', about.details())
