"""The kernel's state of a node's pod network: read, compare, repair. Blocking.

Nothing is ever flushed: a pass over a network that is as it should be changes nothing, so an agent
that starts again breaks no connection.
"""

from __future__ import annotations

import contextlib
import errno
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from proa.errors import KernelError
from proa.kernel import entries, forwarding, links, sysctl
from proa.kernel.entries import Entries, merged
from proa.kernel.links import Link
from proa.kernel.netlink import Message, Netlink
from proa.kernel.routes import IPAddress, Route
from proa.network import backends, endpoint, families
from proa.network.backends.base import Backend, LocalNode, Peer
from proa.network.ipam import Ipam

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Report:
    """What a pass found: how many entries it changed, the indexes of our devices, whom it cannot reach."""

    changes: int
    devices: frozenset[int]
    unreached: dict[str, str]


class KeptRules(Protocol):
    """Rules of nftables that are kept as they must be."""

    def apply(self) -> int:
        """Makes the kernel's chains so; how many had to be changed."""
        ...


class DataPath:
    """One node's data path under one backend; `local` is the node in each of its IP families."""

    def __init__(
        self, backend: Backend, local: Sequence[LocalNode], ipam: Ipam, rules: Sequence[KeptRules]
    ) -> None:
        self._backend = backend
        self._local = local
        self._ipam = ipam
        self._rules = rules

    def adopt(self) -> None:
        """Before the first pass: the books follow the pods' devices that are there."""
        with Netlink() as netlink:
            present = entries.read(netlink).routes
            devices = {
                link.index: link.name for link in links.all_links(netlink) if endpoint.is_pod_device(link)
            }
        for name in devices.values():
            with contextlib.suppress(KernelError):  # one that goes in this moment needs nothing any more
                endpoint.set_up_host(name)
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
        for local in self._local:
            forwarding.enable(local.underlay.version)
        sorted_out = [_sort(self._backend, local, peers) for local in self._local]
        with Netlink() as netlink:
            devices = self._ensure_devices(netlink)
            wanted = [
                self._backend.entries(local, device, reached)
                for local, device, (reached, _) in zip(self._local, devices, sorted_out, strict=True)
            ]
            messages = self._difference(netlink, frozenset(devices) - {0}, wanted)
            netlink.execute(messages)
        changes = len(messages) + sum(rules.apply() for rules in self._rules)
        return Report(changes, frozenset(devices) - {0}, _told(why for _, why in sorted_out))

    def _ensure_devices(self, netlink: Netlink) -> list[int]:
        """The index of the device for each family, 0 where none is needed; other ones of ours go."""
        wanted = [self._backend.device(local) for local in self._local]
        present = {link.name: link for link in links.all_links(netlink)}
        others = backends.device_names() - {link.name for link in wanted if link}
        anew = {it.name for it in wanted if it and _must_be_made_anew(present.get(it.name), it)}
        links.delete(netlink, sorted((others & present.keys()) | anew))
        indexes = [links.ensure(netlink, link) if link else 0 for link in wanted]
        for link, local in zip(wanted, self._local, strict=True):
            if link and local.underlay.version == 6:
                sysctl.write(f"net/ipv6/conf/{link.name}/disable_ipv6", 0)  # the host's default may be 1
                sysctl.write(f"net/ipv6/conf/{link.name}/accept_ra", 0)
        return indexes

    def _difference(
        self, netlink: Netlink, devices: frozenset[int], wanted: Iterable[Entries]
    ) -> list[Message]:
        actual = entries.read(netlink)  # before the links: so the link of every route in it is listed
        pods = _pod_devices(netlink)
        ours = entries.owned(actual, devices)
        ours = replace(ours, routes=frozenset(it for it in ours.routes if it.index not in pods))
        lost = entries.additions(actual, self._pod_entries({name: index for index, name in pods.items()}))
        whole = merged([*wanted, self._own_ranges()])
        return entries.difference(ours, whole) + [it._replace(ignore=(errno.ENODEV,)) for it in lost]

    def _own_ranges(self) -> Entries:
        """Packets to an address that no pod has go nowhere, least of all to the default gateway."""
        own = (subnet for local in self._local for subnet in local.subnets)
        return Entries(routes=frozenset(Route(subnet, index=0) for subnet in own))

    def _pod_entries(self, devices: Mapping[str, int]) -> Entries:
        """What the pods need that are there; a pod that comes or goes meanwhile sees to itself."""
        addresses = families.addresses(self._local)
        held = ((devices.get(allocation.device), allocation) for allocation in self._ipam.all())
        return merged(endpoint.host_entries(it, index, addresses) for index, it in held if index)


def _sort(backend: Backend, local: LocalNode, peers: Iterable[Peer]) -> tuple[list[Peer], dict[str, str]]:
    """The peers in the family of `local` that can be reached, and of the others why they cannot."""
    reached, unreached = [], {}
    for peer in peers:
        if peer.address.version != local.underlay.version:
            continue
        if why := _objection(backend, local, peer):
            unreached[peer.name] = why
        else:
            reached.append(peer)
    return reached, unreached


def _objection(backend: Backend, local: LocalNode, peer: Peer) -> str:
    if peer.backend != backend.name:
        return f"its backend is {peer.backend}, ours {backend.name}"
    return backend.objection(local, peer)


def _told(unreached: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """The reasons of all families by the peer's name; what is the same in both is said once."""
    reasons: dict[str, dict[str, None]] = {}
    for family in unreached:
        for name, why in family.items():
            reasons.setdefault(name, {})[why] = None
    return {name: "; ".join(whys) for name, whys in reasons.items()}


def _pod_devices(netlink: Netlink) -> dict[int, str]:
    return {link.index: link.name for link in links.all_links(netlink) if endpoint.is_pod_device(link)}


def _must_be_made_anew(found: Link | None, wanted: Link) -> bool:
    """A tunnel's own data cannot be changed in place."""
    return found is not None and (found.kind, found.vxlan) != (wanted.kind, wanted.vxlan)
