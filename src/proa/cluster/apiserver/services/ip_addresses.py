"""The IPAddress objects of Services, one for each address (source: KEP-1880, kubernetes repairip.go).

Who has an address is said by the Services alone. The objects follow within moments, show it to clients,
and are made as they must be again when somebody changes one. So a Service is written once and no crash
leaves an address that nobody can have.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import lru_cache
from ipaddress import ip_address

from proa.cluster.apiserver.services.ranges import family_of
from proa.cluster.apiserver.view import View
from proa.errors import NotFound
from proa.kube import Client, labels_of
from proa.kube.resources import IP_ADDRESSES, SERVICES, Object

_FAMILY = "ipaddress.kubernetes.io/ip-family"
_MANAGED_BY, _MANAGER = "ipaddress.kubernetes.io/managed-by", "ipallocator.k8s.io"


def addresses_of(service: Object | None) -> list[str]:
    """The addresses that a stored Service holds, each as the API writes it."""
    texts: Sequence[str] = ((service or {}).get("spec") or {}).get("clusterIPs") or ()
    return [_canonical(text) for text in texts if text != "None"]


@lru_cache(4096)
def _canonical(text: str) -> str:
    return str(ip_address(text))


def is_managed(address: Object) -> bool:
    """Whether an IPAddress is kept by us; others keep an address from being given to a Service."""
    return labels_of(address).get(_MANAGED_BY) == _MANAGER


def ip_address_of(service: tuple[str, str], address: str) -> Object:
    """The object that shows that a Service, told by namespace and name, has an address."""
    parent = {"resource": "services", "namespace": service[0], "name": service[1]}
    labels = {_FAMILY: family_of(address), _MANAGED_BY: _MANAGER}
    return {"metadata": {"name": address, "labels": labels}, "spec": {"parentRef": parent}}


def tells_the_truth(address: Object, holder: tuple[str, str] | None) -> bool:
    """Whether an IPAddress may stay as it is, when that Service has the address, or none."""
    wanted = ip_address_of(holder, address["metadata"]["name"]) if holder else None
    return not _differs(address, wanted)


class IpAddresses:
    """Reconciles addresses: `holder` tells namespace and name of the Service that has one."""

    def __init__(self, client: Client, view: View, holder: Callable[[str], tuple[str, str] | None]) -> None:
        self._client = client
        self._view = view
        self._holder = holder

    async def reconcile(self, key: str) -> None:
        """Make the object of a Service's address, or remove it after the Service."""
        holder, current = self._stored_holder(key), self._view.get(IP_ADDRESSES, key)
        wanted = ip_address_of(holder, key) if holder else None
        if current is not None and _differs(current, wanted):
            with suppress(NotFound):
                await self._client.delete(IP_ADDRESSES, key)
            current = None
        if current is None and wanted is not None:
            await self._client.create(IP_ADDRESSES, wanted)

    def _stored_holder(self, address: str) -> tuple[str, str] | None:
        """The Service that has an address, if it is stored with it."""
        if (found := self._holder(address)) is None:
            return None
        namespace, name = found
        service = self._view.peek(SERVICES, name, namespace)
        return found if address in addresses_of(service) else None


def _differs(current: Object, wanted: Object | None) -> bool:
    """Whether an object must go: it says of a Service what is not so."""
    if wanted is None:
        return is_managed(current)
    missing = labels_of(wanted).items() - labels_of(current).items()
    return bool(missing or current["spec"] != wanted["spec"])
