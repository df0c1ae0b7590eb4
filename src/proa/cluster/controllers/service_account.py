"""Every namespace has a ServiceAccount named default."""

from __future__ import annotations

from contextlib import suppress

from proa.cluster.controllers.config import ControllersConfig
from proa.cluster.controllers.namespaces import is_active, namespace_of
from proa.errors import AlreadyExists
from proa.kube import NAMESPACES, SERVICE_ACCOUNTS, Controller, Manager, Source

_NAME = "default"


class DefaultServiceAccount:
    """Reconciles namespaces."""

    def __init__(self, manager: Manager) -> None:
        self._client = manager.client
        self.namespaces = manager.informer(NAMESPACES)
        self.accounts = manager.informer(SERVICE_ACCOUNTS)

    async def reconcile(self, key: str) -> None:
        """Make the account where it is missing."""
        if not is_active(self.namespaces.get(key)) or self.accounts.get(f"{key}/{_NAME}") is not None:
            return
        account = {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {"name": _NAME, "namespace": key},
        }
        with suppress(AlreadyExists):
            await self._client.create(SERVICE_ACCOUNTS, account, key)


def setup(manager: Manager, config: ControllersConfig) -> None:  # noqa: ARG001 - one shape for all controllers
    """Run with the manager."""
    reconciler = DefaultServiceAccount(manager)
    sources = [Source(reconciler.namespaces), Source(reconciler.accounts, namespace_of)]
    manager.add(Controller("service-account", reconciler, sources=sources))
