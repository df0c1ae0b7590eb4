"""Endpoints that a person wrote for a Service without selector become EndpointSlices (source: KEP-752)."""

from __future__ import annotations

from collections.abc import Iterator

from proa.cluster.controllers import slices
from proa.cluster.controllers.config import ControllersConfig
from proa.cluster.controllers.endpoint_slice import is_selecting, service_keys
from proa.cluster.controllers.slice_writes import write
from proa.kube import (
    ENDPOINT_SLICES,
    ENDPOINTS,
    SERVICES,
    Controller,
    Manager,
    Object,
    Result,
    Source,
    annotations_of,
    labels_of,
    owner_reference,
)

MANAGER = "endpointslicemirroring-controller.k8s.io"
SKIP = "endpointslice.kubernetes.io/skip-mirror"
_LEADER = "control-plane.alpha.kubernetes.io/leader"
_OWN = (
    "endpoints.kubernetes.io/last-change-trigger-time",
    "kubectl.kubernetes.io/last-applied-configuration",
)
"""Annotations that are about the Endpoints and nothing else."""
_BY_SERVICE = "service"


def is_mirrored(endpoints: Object | None, service: Object | None) -> bool:
    """Whether slices shall be made: not for selecting Services, nor for what elections once wrote."""
    if endpoints is None or service is None or is_selecting(service):
        return False
    return labels_of(endpoints).get(SKIP) != "true" and _LEADER not in annotations_of(endpoints)


def desired(endpoints: Object) -> dict[slices.Group, dict[str, Object]]:
    """The addresses of all subsets by family and ports."""
    groups: dict[slices.Group, dict[str, Object]] = {}
    for subset in endpoints.get("subsets") or ():
        ports = slices.ports_of(subset)
        for address, ready in _addresses(subset):
            family = "IPv6" if ":" in address["ip"] else "IPv4"
            groups.setdefault((family, ports), {})[address["ip"]] = _endpoint(address, ready=ready)
    return groups


def template(endpoints: Object) -> slices.Template:
    """The slices have the Endpoints' labels and annotations, and go with them."""
    metadata = endpoints["metadata"]
    own = {slices.SERVICE_NAME: metadata["name"], slices.MANAGED_BY: MANAGER}
    owner = owner_reference(endpoints)
    labels = labels_of(endpoints) | own
    annotations = {name: text for name, text in annotations_of(endpoints).items() if name not in _OWN}
    return slices.Template(metadata["name"], metadata["namespace"], labels, owner, annotations)


def _addresses(subset: Object) -> Iterator[tuple[Object, bool]]:
    for address in subset.get("notReadyAddresses") or ():
        yield address, False
    for address in subset.get("addresses") or ():
        yield address, True


def _endpoint(address: Object, *, ready: bool) -> Object:
    endpoint: Object = {"addresses": [address["ip"]], "conditions": {"ready": ready}}
    more = {name: address[name] for name in ("hostname", "nodeName", "targetRef") if address.get(name)}
    return endpoint | more


class EndpointSliceMirroring:
    """Reconciles Endpoints."""

    def __init__(self, manager: Manager) -> None:
        self._client = manager.client
        self.services = manager.informer(SERVICES)
        self.endpoints = manager.informer(ENDPOINTS)
        self.slices = manager.informer(ENDPOINT_SLICES)
        self.slices.add_index(_BY_SERVICE, service_keys)

    async def reconcile(self, key: str) -> Result | None:
        """Make the slices agree with the Endpoints; slices of what is no longer mirrored go."""
        endpoints = self.endpoints.get(key)
        found = self.slices.by_index(_BY_SERVICE, key)
        mine = [part for part in found if labels_of(part).get(slices.MANAGED_BY) == MANAGER]
        if endpoints is None or not is_mirrored(endpoints, self.services.get(key)):
            return await write(self._client, slices.Plan(delete=mine))
        return await write(self._client, slices.plan(template(endpoints), mine, desired(endpoints)))


def setup(manager: Manager, config: ControllersConfig) -> None:  # noqa: ARG001 - the form of all
    """Run with the manager."""
    reconciler = EndpointSliceMirroring(manager)
    sources = [
        Source(reconciler.endpoints),
        Source(reconciler.services),
        Source(reconciler.slices, service_keys),
    ]
    manager.add(Controller("endpointslice-mirroring", reconciler, sources=sources))
