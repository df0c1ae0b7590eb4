"""Every Service with a selector has EndpointSlices that follow its pods (source: KEP-752)."""

from __future__ import annotations

from collections.abc import Iterable

from proa.cluster.controllers import slices
from proa.cluster.controllers.config import ControllersConfig
from proa.cluster.controllers.service_caches import ServiceCaches
from proa.cluster.controllers.slice_writes import write
from proa.kube import ENDPOINT_SLICES, Controller, Manager, Object, Result, Source, labels_of

_BY_SERVICE = "service"


class EndpointSlices:
    """Reconciles Services."""

    def __init__(self, manager: Manager) -> None:
        self._client = manager.client
        self.caches = ServiceCaches(manager)
        self.slices = manager.informer(ENDPOINT_SLICES)
        self.slices.add_index(_BY_SERVICE, service_keys)

    async def reconcile(self, key: str) -> Result | None:
        """Make the Service's slices hold its pods."""
        service = self.caches.services.get(key)
        if service is None or not is_selecting(service):
            return None  # slices of a Service that is gone go with their owner
        wanted = slices.desired(service, self.caches.pods_of(service), self.caches.nodes_by_name())
        plan = slices.plan(slices.template(service), self._existing(key), wanted)
        return await write(self._client, plan)

    def _existing(self, key: str) -> list[Object]:
        found = self.slices.by_index(_BY_SERVICE, key)
        mine = [part for part in found if labels_of(part).get(slices.MANAGED_BY) == slices.MANAGER]
        return sorted(mine, key=lambda part: str(part["metadata"]["name"]))


def is_selecting(service: Object) -> bool:
    """Whether the Service's endpoints are pods that it selects."""
    spec = service["spec"]
    return bool(spec.get("selector")) and spec.get("type") != "ExternalName"


def service_keys(part: Object) -> Iterable[str]:
    """The Service that a slice belongs to."""
    name = labels_of(part).get(slices.SERVICE_NAME)
    return (f"{part['metadata']['namespace']}/{name}",) if name else ()


def setup(manager: Manager, config: ControllersConfig) -> None:  # noqa: ARG001 - the form of all
    """Run with the manager."""
    reconciler = EndpointSlices(manager)
    sources = [*reconciler.caches.sources(), Source(reconciler.slices, service_keys)]
    manager.add(Controller("endpointslice", reconciler, sources=sources, workers=4))
