"""ValidatingAdmissionPolicies say in their status where expressions do not fit the schemas."""

from __future__ import annotations

from proa.cluster.apiserver.kinds import KINDS
from proa.cluster.apiserver.policies.type_checking import expression_warnings
from proa.cluster.controllers.config import ControllersConfig
from proa.kube import Controller, Manager, Object, Resource, Source
from proa.kube.meta import key_of
from proa.kube.resources import CUSTOM_RESOURCE_DEFINITIONS

POLICIES = Resource(
    "admissionregistration.k8s.io",
    "v1",
    "validatingadmissionpolicies",
    "ValidatingAdmissionPolicy",
    namespaced=False,
)


class AdmissionPolicyStatus:
    """Reconciles the status of policies, once a generation."""

    def __init__(self, manager: Manager) -> None:
        self._client = manager.client
        self.policies = manager.informer(POLICIES)
        self._definitions = manager.informer(CUSTOM_RESOURCE_DEFINITIONS)

    async def reconcile(self, key: str) -> None:
        """Check the types of a policy that changed."""
        policy = self.policies.get(key)
        if policy is None:
            return
        generation = policy["metadata"].get("generation", 1)
        if (policy.get("status") or {}).get("observedGeneration") == generation:
            return
        warnings = expression_warnings(policy, KINDS, self._definitions.list())
        checking: Object = {"expressionWarnings": warnings} if warnings else {}
        status = {"observedGeneration": generation, "typeChecking": checking}
        await self._client.update(POLICIES, {**policy, "status": status}, subresource="status")


def setup(manager: Manager, _config: ControllersConfig) -> None:
    """Run with the manager."""
    reconciler = AdmissionPolicyStatus(manager)
    sources = [Source(reconciler.policies, lambda policy: [key_of(policy)])]
    manager.add(Controller("validatingadmissionpolicy-status", reconciler, sources=sources))
