"""MutatingAdmissionPolicy as an admission step."""

from __future__ import annotations

from typing import Any

from proa.cluster.apiserver.admission import Request
from proa.cluster.apiserver.authorization import Authorizer
from proa.cluster.apiserver.field_managers import schema_of
from proa.cluster.apiserver.kinds.registry import Registry
from proa.cluster.apiserver.policies.activation import activation, namespace_of_request
from proa.cluster.apiserver.policies.catalogue import Binding, Catalogue
from proa.cluster.apiserver.policies.conditions import ConditionFailed
from proa.cluster.apiserver.policies.mutating_policy import MutatingPolicy, MutationError, compile_policy
from proa.cluster.apiserver.policies.params import ParamsError, collect
from proa.cluster.apiserver.policies.refusal import Refused
from proa.cluster.apiserver.view import View
from proa.cluster.apiserver.webhooks.equivalents import Equivalents
from proa.cluster.apiserver.webhooks.rules import EXEMPT, namespace_of
from proa.errors import Forbidden, NotFound
from proa.kube.resources import Object, Resource

_GROUP = "admissionregistration.k8s.io"
POLICIES = Resource(_GROUP, "v1", "mutatingadmissionpolicies", "MutatingAdmissionPolicy", namespaced=False)
BINDINGS = Resource(
    _GROUP, "v1", "mutatingadmissionpolicybindings", "MutatingAdmissionPolicyBinding", namespaced=False
)
_OPERATIONS = ("CREATE", "UPDATE")


class MutatingPolicies:
    """All policies, as an admission step."""

    def __init__(self, view: View, authorizer: Authorizer, kinds: Registry, equivalents: Equivalents) -> None:
        self._catalogue = Catalogue(view, POLICIES, BINDINGS, compile_policy)
        self._authorizer = authorizer
        self._equivalents = equivalents
        self._kinds = kinds

    async def admit(self, request: Request, view: View) -> None:
        """Let each policy change the object, by the names of policies and bindings. Raises Refused."""
        bound = self._catalogue.bound()
        if not bound or request.target.qualified in EXEMPT or request.operation not in _OPERATIONS:
            return
        errors = [
            message
            for each in bound
            for binding in each.bindings
            for message in await self._mutate(each.policy, binding, request, view)
        ]
        if errors:
            raise _refused(request, errors)

    async def _mutate(
        self, policy: MutatingPolicy, binding: Binding, request: Request, view: View
    ) -> list[str]:
        """Apply a policy as one binding says; the complaints that refuse the request."""
        said = f"policy '{policy.name}' with binding '{binding.name}' denied request:"
        try:
            others = self._equivalents.of(request.target)
            resource = policy.match.resource(request, view, others)
            if resource is None or binding.match.resource(request, view, others) is None:
                return []
            where = namespace_of(request)
            params = collect(policy.param_kind, binding.params, where, self._kinds, view)
            for param in params:
                await self._apply(policy, binding, request, view, (resource, param))
        except (ParamsError, NotFound) as error:
            if not policy.ignores_failure:
                return [f"{said} failed to configure binding: {error}"]
        except (MutationError, ConditionFailed) as error:
            if not policy.ignores_failure:
                return [f"{said} {error}"]
        return []

    async def _apply(
        self,
        policy: MutatingPolicy,
        binding: Binding,
        request: Request,
        view: View,
        about: tuple[Resource, Object | None],
    ) -> None:
        resource, param = about
        key = _key(policy, binding, param)
        if request.round and not (policy.reinvoked and key in request.invoked and not request.knows(key)):
            return
        namespace = namespace_of_request(request, view)
        seen = await self._equivalents.seen(request, resource)
        values: dict[str, Any] = activation(request, seen, namespace, self._authorizer)
        values["params"] = param
        if not policy.applies(values):
            return
        assert seen.obj is not None, "policies change what is created and updated"
        node = schema_of(self._equivalents.target(request.target, resource))
        changed = policy.mutate(seen.obj, node, values)
        if changed != seen.obj:
            request.replace(await self._equivalents.taken(changed, resource, request.target))
        request.invoked[key] = request.version


def _key(policy: MutatingPolicy, binding: Binding, param: Object | None) -> str:
    metadata = (param or {}).get("metadata") or {}
    parameter = f"{metadata.get('namespace', '')}/{metadata.get('name', '')}"
    return f"MutatingAdmissionPolicy/{policy.name}/{binding.name}/{parameter}"


def _refused(request: Request, errors: list[str]) -> Refused:
    about = request.target.of(request.name)
    details: dict[str, Any] = {**about.details(), "causes": [{"message": error} for error in errors]}
    reason = "Forbidden" if " failed to configure binding: " in errors[0] else "Invalid"
    return Refused(errors[0], details, reason, code=Forbidden.code)
