"""ClusterRoles with an aggregation rule have the rules of the roles that it chooses."""

from __future__ import annotations

from collections.abc import Iterable

from proa.cluster.apiserver.aggregation_rules import aggregated
from proa.cluster.controllers.config import ControllersConfig
from proa.kube import Controller, Manager, Object, Resource, Source
from proa.kube.meta import key_of

CLUSTER_ROLES = Resource("rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole", namespaced=False)


class RoleAggregation:
    """Reconciles ClusterRoles that aggregate others."""

    def __init__(self, manager: Manager) -> None:
        self._client = manager.client
        self.roles = manager.informer(CLUSTER_ROLES)

    def aggregating(self, _changed: Object) -> Iterable[str]:
        """Every role may choose the changed one, so all that aggregate are looked at."""
        return [key_of(role) for role in self.roles.list() if role.get("aggregationRule")]

    async def reconcile(self, key: str) -> None:
        """Write the aggregated rules where they differ."""
        role = self.roles.get(key)
        rules = aggregated(role, self.roles.list()) if role else None
        if role is not None and rules is not None and rules != (role.get("rules") or []):
            await self._client.update(CLUSTER_ROLES, {**role, "rules": rules})


def setup(manager: Manager, _config: ControllersConfig) -> None:
    """Run with the manager."""
    reconciler = RoleAggregation(manager)
    sources = [Source(reconciler.roles, reconciler.aggregating)]
    manager.add(Controller("clusterrole-aggregation", reconciler, sources=sources))
