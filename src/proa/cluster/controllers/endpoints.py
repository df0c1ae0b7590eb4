"""Every Service with a selector has an Endpoints object too, for programs that still read these.

Source: core/v1 Endpoints, deprecated since Kubernetes 1.33 but served.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

from proa.cluster.controllers import slices
from proa.cluster.controllers.config import ControllersConfig
from proa.cluster.controllers.endpoint_slice import is_selecting
from proa.cluster.controllers.service_caches import ServiceCaches
from proa.cluster.controllers.service_pods import Backend, Port, backends, families, is_headless
from proa.errors import AlreadyExists, NotFound
from proa.kube import (
    ENDPOINTS,
    Controller,
    Manager,
    Object,
    Result,
    Source,
    annotations_of,
    labels_of,
    split_key,
)

MANAGED_BY = "endpoints.kubernetes.io/managed-by"
_MANAGER = "endpoint-controller"
_OVER_CAPACITY = "endpoints.kubernetes.io/over-capacity"
_CAPACITY = 1000
_STALE = 0.02


def desired(service: Object, pods: Sequence[Object], nodes: Mapping[str, Object]) -> Object:
    """The Endpoints of a Service: its first family, pods that terminate left out."""
    publish = service["spec"].get("publishNotReadyAddresses")
    found = [
        backend
        for backend in backends(service, pods, nodes, families(service)[0])
        if publish or not backend.terminating
    ]
    metadata: Object = {
        "name": service["metadata"]["name"],
        "namespace": service["metadata"]["namespace"],
        "labels": dict(labels_of(service)) | {MANAGED_BY: _MANAGER},
    }
    if is_headless(service):
        metadata["labels"][slices.HEADLESS] = ""
    if len(found) > _CAPACITY:
        metadata["annotations"] = {_OVER_CAPACITY: "truncated"}
        found = sorted(found, key=lambda backend: not backend.ready)[:_CAPACITY]
    subsets = list(_subsets(found))
    return {
        "kind": ENDPOINTS.kind,
        "apiVersion": ENDPOINTS.api_version,
        "metadata": metadata,
        **({"subsets": subsets} if subsets else {}),
    }


def _subsets(found: Sequence[Backend]) -> Iterator[Object]:
    """Ports that the same pods have stand together; so a port stands once, where names have other numbers."""
    by_port: dict[Port | None, list[Backend]] = {}
    for backend in found:
        for port in backend.ports or (None,):
            by_port.setdefault(port, []).append(backend)
    by_pods: dict[tuple[str, ...], tuple[list[Backend], list[Port]]] = {}
    for port, group in by_port.items():
        addresses = tuple(backend.address for backend in group)
        by_pods.setdefault(addresses, (group, []))[1].extend([port] if port else [])
    for group, ports in by_pods.values():
        subset: Object = {}
        for name, ready in (("addresses", True), ("notReadyAddresses", False)):
            if listed := [_address(backend) for backend in group if backend.ready is ready]:
                subset[name] = listed
        if ports:
            subset["ports"] = [slices.port_object(port) for port in sorted(ports)]
        yield subset


def _address(backend: Backend) -> Object:
    address: Object = {"ip": backend.address}
    for name, value in (("hostname", backend.hostname), ("nodeName", backend.node)):
        if value:
            address[name] = value
    return address | {"targetRef": slices.target_reference(backend.pod)}


def differ(wanted: Object, current: Object) -> bool:
    """Whether the stored Endpoints must be written."""
    return (
        wanted.get("subsets", []) != (current.get("subsets") or [])
        or labels_of(wanted) != labels_of(current)
        or annotations_of(wanted).get(_OVER_CAPACITY) != annotations_of(current).get(_OVER_CAPACITY)
    )


class EndpointsMirror:
    """Reconciles Services."""

    def __init__(self, manager: Manager) -> None:
        self._client = manager.client
        self.caches = ServiceCaches(manager)
        self.endpoints = manager.informer(ENDPOINTS)

    async def reconcile(self, key: str) -> Result | None:
        """Make the Service's Endpoints list its pods; without the Service there are none."""
        service, current = self.caches.services.get(key), self.endpoints.get(key)
        if service is None:
            await self._remove(key, current)
            return None
        if not is_selecting(service):
            return None
        wanted = desired(service, self.caches.pods_of(service), self.caches.nodes_by_name())
        if current is None:
            return await self._create(wanted)
        if differ(wanted, current):
            await self._client.update(ENDPOINTS, current | _merged(current, wanted))
        return None

    async def _create(self, wanted: Object) -> Result | None:
        try:
            await self._client.create(ENDPOINTS, wanted, wanted["metadata"]["namespace"])
        except AlreadyExists:
            return Result(_STALE)
        return None

    async def _remove(self, key: str, current: Object | None) -> None:
        """Endpoints that something else made without a Service are left alone, as those of elections."""
        if current is None or MANAGED_BY not in labels_of(current):
            return
        namespace, name = split_key(key)
        with suppress(NotFound):
            await self._client.delete(ENDPOINTS, name, namespace, uid=current["metadata"]["uid"])


def _merged(current: Object, wanted: Object) -> Object:
    """What `current` becomes; annotations of others stay."""
    annotations = {k: v for k, v in annotations_of(current).items() if k != _OVER_CAPACITY}
    metadata = current["metadata"] | wanted["metadata"]
    metadata["annotations"] = annotations | annotations_of(wanted)
    return {"metadata": metadata, "subsets": wanted.get("subsets", [])}


def setup(manager: Manager, config: ControllersConfig) -> None:  # noqa: ARG001 - the form of all
    """Run with the manager."""
    reconciler = EndpointsMirror(manager)
    sources = [*reconciler.caches.sources(), Source(reconciler.endpoints)]
    manager.add(Controller("endpoints", reconciler, sources=sources, workers=2))
