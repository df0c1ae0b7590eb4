"""Service, endpoints, APIService and roles of the metrics API, named as those of metrics-server on k3s.

Whoever installs metrics-server itself takes these objects over: what is there is left as it is, and our
endpoint goes as soon as the Service selects pods.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import suppress

from proa.cluster.metrics.config import MetricsConfig
from proa.cluster.metrics.objects import GROUP, VERSION
from proa.errors import AlreadyExists, NotFound
from proa.kube import ENDPOINT_SLICES, SERVICES, Client, Controller, Manager, Object, Resource, Source

NAMESPACE, NAME = "kube-system", "metrics-server"
KEY = f"{NAMESPACE}/{NAME}"
_API_SERVICES = Resource("apiregistration.k8s.io", "v1", "apiservices", "APIService", namespaced=False)
_API_SERVICE = f"{VERSION}.{GROUP}"
_CLUSTER_ROLES = Resource("rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole", namespaced=False)
_READER = "system:aggregated-metrics-reader"
_MANAGER = "metrics-server.proa"
_MANAGED_BY = "endpointslice.kubernetes.io/managed-by"
_LABELS = {
    "k8s-app": "metrics-server",
    "kubernetes.io/cluster-service": "true",
    "kubernetes.io/name": "Metrics-server",
    "app.kubernetes.io/managed-by": "proa",
}
_OURS = ("app.kubernetes.io/managed-by", "proa")


def service() -> Object:
    """The Service; it selects nothing."""
    ports = [{"name": "https", "port": 443, "protocol": "TCP", "targetPort": "https"}]
    return {"metadata": {"name": NAME, "namespace": NAMESPACE, "labels": _LABELS}, "spec": {"ports": ports}}


def endpoint_slice(address: str, port: int) -> Object:
    """Where the server of this process listens."""
    labels = _LABELS | {"kubernetes.io/service-name": NAME, _MANAGED_BY: _MANAGER}
    conditions = {"ready": True, "serving": True, "terminating": False}
    return {
        "metadata": {"name": NAME, "namespace": NAMESPACE, "labels": labels},
        "addressType": "IPv6" if ":" in address else "IPv4",
        "ports": [{"name": "https", "port": port, "protocol": "TCP"}],
        "endpoints": [{"addresses": [address], "conditions": conditions}],
    }


def api_service(authority: bytes) -> Object:
    """The APIService, with the authority of the server's certificate."""
    return {
        "metadata": {"name": _API_SERVICE, "labels": _LABELS},
        "spec": {
            "group": GROUP,
            "version": VERSION,
            "groupPriorityMinimum": 100,
            "versionPriority": 100,
            "service": {"name": NAME, "namespace": NAMESPACE},
            "caBundle": base64.b64encode(authority).decode(),
        },
    }


def reader_role() -> Object:
    """Whoever may view may see what is used."""
    targets = {f"rbac.authorization.k8s.io/aggregate-to-{role}": "true" for role in ("admin", "edit", "view")}
    rule = {"apiGroups": [GROUP], "resources": ["pods", "nodes"], "verbs": ["get", "list", "watch"]}
    return {"metadata": {"name": _READER, "labels": _LABELS | targets}, "rules": [rule]}


class MetricsService:
    """Reconciles the one Service; every source leads to its key."""

    def __init__(self, manager: Manager, config: MetricsConfig, port: int) -> None:
        self._client = manager.client
        self._config = config
        self._port = port
        only = f"metadata.name={NAME}"
        self.services = manager.informer(SERVICES, NAMESPACE, field_selector=only)
        self.slices = manager.informer(ENDPOINT_SLICES, NAMESPACE, field_selector=only)

    async def reconcile(self, _: str) -> None:
        """Make what is missing; the endpoint is ours only while nobody else answers."""
        present = self.services.get(KEY)
        if present is not None and present["spec"].get("selector"):
            await self._withdraw()
            return
        for resource, obj in self._wanted():
            with suppress(AlreadyExists):
                await self._client.create(resource, obj)
        await self._point()

    def _wanted(self) -> Iterator[tuple[Resource, Object]]:
        yield SERVICES, service()
        yield _CLUSTER_ROLES, reader_role()
        yield _API_SERVICES, api_service(self._config.authority.read_bytes())

    async def _point(self) -> None:
        wanted = endpoint_slice(self._config.address, self._port)
        current = self.slices.get(KEY)
        if current is None:
            with suppress(AlreadyExists):
                await self._client.create(ENDPOINT_SLICES, wanted)
        elif any(current.get(name) != wanted[name] for name in ("ports", "endpoints")):
            fields = {name: wanted[name] for name in ("ports", "endpoints")}
            await self._client.patch(ENDPOINT_SLICES, NAME, fields, NAMESPACE)

    async def _withdraw(self) -> None:
        current = self.slices.get(KEY)
        if current is not None and (current["metadata"].get("labels") or {}).get(_MANAGED_BY) == _MANAGER:
            with suppress(NotFound):
                await self._client.delete(ENDPOINT_SLICES, NAME, NAMESPACE)

    def sources(self) -> list[Source]:
        """Everything leads to the one key."""
        return [Source(informer, lambda _: (KEY,)) for informer in (self.services, self.slices)]


def setup(manager: Manager, config: MetricsConfig, port: int) -> None:
    """Run with the manager: objects that lead to `port` at the configured address."""
    reconciler = MetricsService(manager, config, port)
    controller = Controller("metrics-server", reconciler, sources=reconciler.sources())
    controller.queue.add(KEY)
    manager.add(controller)


async def remove(client: Client) -> None:
    """Take away what `setup` made, where it is still ours."""
    objects = (
        (_API_SERVICES, _API_SERVICE, ""),
        (SERVICES, NAME, NAMESPACE),
        (ENDPOINT_SLICES, NAME, NAMESPACE),
    )
    for resource, name, namespace in objects:
        with suppress(NotFound):
            present = await client.get(resource, name, namespace)
            label, value = _OURS
            selects = resource == SERVICES and present["spec"].get("selector")
            if (present["metadata"].get("labels") or {}).get(label) == value and not selects:
                await client.delete(resource, name, namespace)
