"""ServiceCIDRs are ready once they are there, and do not go while a Service has an address of theirs.

Finalizer networking.k8s.io/service-cidr-finalizer; condition Ready.
Source: kubernetes pkg/controller/servicecidrs.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from proa.cluster.controllers.config import ControllersConfig
from proa.kube import SERVICES, Controller, Manager, Object, Result, Source, is_deleting, now, parse_time
from proa.kube.finalizers import set_finalizer
from proa.kube.resources import SERVICE_CIDRS

FINALIZER = "networking.k8s.io/service-cidr-finalizer"
_NAME = "service-cidr-controller"
_READY = ("True", "", "Kubernetes Service CIDR is ready")
_IN_USE = (
    "False",
    "Terminating",
    "There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR",
)
_SETTLED = 2.0
"""Seconds after a deletion from which on no Service under way can have got an address of the range."""


class ServiceCidrs:
    """Reconciles ServiceCIDRs by name."""

    def __init__(self, manager: Manager) -> None:
        self._client = manager.client
        self.ranges = manager.informer(SERVICE_CIDRS)
        self.services = manager.informer(SERVICES)

    def leaving(self, _: Object) -> Iterable[str]:
        """Those that are to go: any change may have been what they wait for."""
        return [each["metadata"]["name"] for each in self.ranges.list() if is_deleting(each)]

    async def reconcile(self, key: str) -> Result | None:
        """Make the range ready, or let it go when no address needs it."""
        current = self.ranges.get(key)
        if current is None:
            return None
        if not is_deleting(current):
            await set_finalizer(self._client, SERVICE_CIDRS, current, FINALIZER, wanted=True)
            await self._say(current, _READY)
            return None
        if depends_on(current, self.ranges.list(), self.services.list()):
            await self._say(current, _IN_USE)
            return None
        since = parse_time(current["metadata"]["deletionTimestamp"])
        if (age := (dt.datetime.now(dt.UTC) - since).total_seconds()) < _SETTLED:
            return Result(_SETTLED - age)
        await set_finalizer(self._client, SERVICE_CIDRS, current, FINALIZER, wanted=False)
        return None

    async def _say(self, service_cidr: Object, ready: tuple[str, str, str]) -> None:
        conditions = (service_cidr.get("status") or {}).get("conditions") or ()
        said: Object = next((each for each in conditions if each["type"] == "Ready"), {})
        if (said.get("status"), said.get("reason"), said.get("message")) == ready:
            return
        status, reason, message = ready
        condition = {"type": "Ready", "status": status, "reason": reason, "message": message}
        others = [each for each in conditions if each["type"] != "Ready"]
        patch = {"status": {"conditions": [*others, condition | {"lastTransitionTime": now()}]}}
        name = service_cidr["metadata"]["name"]
        await self._client.patch(SERVICE_CIDRS, name, patch, subresource="status", field_manager=_NAME)


def depends_on(service_cidr: Object, ranges: Iterable[Object], services: Iterable[Object]) -> bool:
    """Whether a Service has an address of that range which is in no other range that stays."""
    own, others = _networks(service_cidr), [
        network for each in ranges if not is_deleting(each) for network in _networks(each)
    ]  # fmt: skip
    return any(
        any(address in network for network in own) and not any(address in network for network in others)
        for address in map(ip_address, _addresses(services))
    )


def _networks(service_cidr: Object) -> Sequence[IPv4Network | IPv6Network]:
    return [ip_network(cidr) for cidr in service_cidr["spec"].get("cidrs") or ()]


def _addresses(services: Iterable[Object]) -> Iterator[str]:
    for service in services:
        yield from (text for text in service["spec"].get("clusterIPs") or () if text != "None")


def setup(manager: Manager, config: ControllersConfig) -> None:  # noqa: ARG001 - one shape for all controllers
    """Run with the manager."""
    reconciler = ServiceCidrs(manager)
    every = Source(reconciler.ranges, reconciler.leaving)
    sources = [Source(reconciler.ranges), every, Source(reconciler.services, reconciler.leaving)]
    manager.add(Controller(_NAME, reconciler, sources=sources))
