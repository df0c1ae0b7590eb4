"""The kernel's state of a node's pod network: read, compare, repair. Blocking.

Nothing is ever flushed: a pass over a network that is as it should be changes nothing, so an agent
that starts again breaks no connection.
"""

from __future__ import annotations

import errno
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from proa.kernel import entries, links, sysctl
from proa.kernel.entries import Entries, merged
from proa.kernel.links import Link
from proa.kernel.netlink import Message, Netlink
from proa.kernel.routes import IPAddress, Route
from proa.network import backends, endpoint
from proa.network.backends.base import Backend, LocalNode, Peer
from proa.network.ipam import Ipam
from proa.network.masq import Masquerade

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Report:
    """What a pass found: how many entries it changed, the index of our device, whom it cannot reach."""

    changes: int
    device: int
    unreached: dict[str, str]


class DataPath:
    """One node's data path under one backend."""

    def __init__(self, backend: Backend, local: LocalNode, ipam: Ipam, masquerade: Masquerade) -> None:
        self._backend = backend
        self._local = local
        self._ipam = ipam
        self._masquerade = masquerade

    def adopt(self) -> None:
        """Before the first pass: the books follow the pods' devices that are there."""
        with Netlink() as netlink:
            present = entries.read(netlink).routes
            devices = {
                link.index: link.name for link in links.all_links(netlink) if endpoint.is_pod_device(link)
            }
        routed: dict[str, list[IPAddress]] = {name: [] for name in devices.values()}
        for route in present:
            if route.index in devices and route.destination.num_addresses == 1:
                routed[devices[route.index]].append(route.destination.network_address)
        changes = self._ipam.reconcile(routed)
        for what, allocations in (("adopted", changes.adopted), ("released", changes.released)):
            for allocation in allocations:
                _log.info("%s %s: %s", what, allocation.device, ", ".join(map(str, allocation.addresses)))

    def apply(self, peers: Sequence[Peer]) -> Report:
        """Makes the kernel's state so; KernelError when it refuses."""
        sysctl.write("net/ipv4/ip_forward", 1)
        unreached = {peer.name: why for peer in peers if (why := self._objection(peer))}
        reached = [peer for peer in peers if peer.name not in unreached]
        with Netlink() as netlink:
            device = self._ensure_device(netlink)
            messages = self._difference(netlink, device, reached)
            netlink.execute(messages)
        changes = len(messages) + self._masquerade.apply()
        return Report(changes, device, unreached)

    def _objection(self, peer: Peer) -> str:
        if peer.backend != self._backend.name:
            return f"its backend is {peer.backend}, ours {self._backend.name}"
        return self._backend.objection(self._local, peer)

    def _ensure_device(self, netlink: Netlink) -> int:
        wanted = self._backend.device(self._local)
        others = {it.device_name for it in backends.REGISTRY.values()} - {self._backend.device_name, ""}
        present = {link.name: link for link in links.all_links(netlink)}
        links.delete(netlink, sorted(others & present.keys()))
        if wanted is None:
            return 0
        if _must_be_made_anew(present.get(wanted.name), wanted):
            links.delete(netlink, [wanted.name])
        return links.ensure(netlink, wanted)

    def _difference(self, netlink: Netlink, device: int, peers: Iterable[Peer]) -> list[Message]:
        actual = entries.read(netlink)  # before the links: so the link of every route in it is listed
        pods = _pod_devices(netlink)
        ours = entries.owned(actual, {device} if device else set())
        ours = replace(ours, routes=frozenset(it for it in ours.routes if it.index not in pods))
        wanted = merged([self._backend.entries(self._local, device, peers), self._own_range()])
        lost = entries.additions(actual, self._pod_entries({name: index for index, name in pods.items()}))
        return entries.difference(ours, wanted) + [it._replace(ignore=(errno.ENODEV,)) for it in lost]

    def _own_range(self) -> Entries:
        """Packets to an address that no pod has go nowhere, least of all to the default gateway."""
        own = self._local.subnets if self._backend.attaches_pods else ()
        return Entries(routes=frozenset(Route(subnet, index=0) for subnet in own if subnet.version == 4))

    def _pod_entries(self, devices: Mapping[str, int]) -> Entries:
        """What the pods need that are there; a pod that comes or goes meanwhile sees to itself."""
        address = self._local.underlay.interface.ip
        held = ((devices.get(allocation.device), allocation) for allocation in self._ipam.all())
        return merged(endpoint.host_entries(it, index, address) for index, it in held if index)


def _pod_devices(netlink: Netlink) -> dict[int, str]:
    return {link.index: link.name for link in links.all_links(netlink) if endpoint.is_pod_device(link)}


def _must_be_made_anew(found: Link | None, wanted: Link) -> bool:
    """A tunnel's own data cannot be changed in place."""
    return found is not None and (found.kind, found.vxlan) != (wanted.kind, wanted.vxlan)
