"""Every namespace has the ConfigMap kube-root-ca.crt, which pods mount to trust the API server."""

from __future__ import annotations

from contextlib import suppress

from proa.cluster.controllers.config import ControllersConfig
from proa.cluster.controllers.namespaces import is_active, namespace_of
from proa.errors import AlreadyExists
from proa.kube import CONFIG_MAPS, NAMESPACES, Controller, Manager, Object, Source

_NAME = "kube-root-ca.crt"
_DESCRIPTION = "CA certificate of the API server, for clients inside the cluster"


class RootCaPublisher:
    """Reconciles namespaces."""

    def __init__(self, manager: Manager, root_ca: str) -> None:
        self._client = manager.client
        self._data = {"ca.crt": root_ca}
        self.namespaces = manager.informer(NAMESPACES)
        self.config_maps = manager.informer(CONFIG_MAPS, field_selector=f"metadata.name={_NAME}")

    async def reconcile(self, key: str) -> None:
        """Make the ConfigMap, or put its content right."""
        if not is_active(self.namespaces.get(key)):
            return
        current = self.config_maps.get(f"{key}/{_NAME}")
        if current is None:
            with suppress(AlreadyExists):
                await self._client.create(CONFIG_MAPS, self._wanted(key), key)
        elif current.get("data") != self._data:
            await self._client.update(CONFIG_MAPS, current | {"data": self._data})

    def _wanted(self, namespace: str) -> Object:
        return {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {
                "name": _NAME,
                "namespace": namespace,
                "annotations": {"kubernetes.io/description": _DESCRIPTION},
            },
            "data": self._data,
        }


def setup(manager: Manager, config: ControllersConfig) -> None:
    """Run with the manager, when there is a CA to publish."""
    if not config.root_ca:
        return
    reconciler = RootCaPublisher(manager, config.root_ca)
    sources = [Source(reconciler.namespaces), Source(reconciler.config_maps, namespace_of)]
    manager.add(Controller("root-ca-publisher", reconciler, sources=sources))
