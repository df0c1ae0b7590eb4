"""A pod's interface: a routed veth pair.

The pod has its address alone (/32, /128) and a default route by 169.254.1.1 (fe80::1), whose MAC it
knows for good: the host's end has that fixed MAC, so neither ARP nor neighbour solicitation is ever
asked. The host has a route to the pod over its end and knows the pod's MAC as well. There is no bridge,
so traffic between two pods of one node is forwarded like any other, and policy sees it.

IPv6 addresses are usable at once: the node gives each out once, nobody looks for duplicates. Neither
end listens to router advertisements, so a pod cannot make itself the node's router.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from ipaddress import ip_address, ip_interface

from proa.kernel import addresses, entries, links, neighbours, netns, routes, sysctl
from proa.kernel.addresses import Address
from proa.kernel.entries import Entries
from proa.kernel.links import Link
from proa.kernel.neighbours import Neighbour
from proa.kernel.netlink import Message, Netlink
from proa.kernel.routes import IPAddress, Route
from proa.network.cni import Interface
from proa.network.store import Allocation

HOST_MAC = "02:70:72:6f:61:01"
GATEWAYS: dict[int, IPAddress] = {4: ip_address("169.254.1.1"), 6: ip_address("fe80::1")}

_DEVICE = re.compile(r"proa[0-9a-f]{11}")
_NO_LINK_LOCAL = 1  # addr_gen_mode: the host's end needs no address at all


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The wanted interface of one container; `node_addresses` has the node's by IP version."""

    allocation: Allocation
    netns: str
    mtu: int
    node_addresses: Mapping[int, IPAddress]

    def made(self) -> Interface:
        """How a CNI result describes it."""
        held = self.allocation
        hops = tuple(GATEWAYS[address.version] for address in held.addresses)
        mac = pod_mac(held.device)
        return Interface(held.device, HOST_MAC, held.ifname, mac, self.netns, self.mtu, held.addresses, hops)


def device_name(container: str, ifname: str) -> str:
    """The host's end for a container's interface: 15 characters, always the same."""
    return "proa" + hashlib.sha256(f"{container} {ifname}".encode()).hexdigest()[:11]


def is_pod_device(link: Link) -> bool:
    """Whether a device is the host's end of a pod's interface."""
    return link.kind == "veth" and _DEVICE.fullmatch(link.name) is not None


def pod_mac(device: str) -> str:
    return links.derived_mac(f"pod {device}")


def attach(endpoint: Endpoint) -> Interface:
    """Makes the interface so; may be called again. KernelError when the kernel refuses.

    A half-made pair is taken away again.
    """
    device = endpoint.allocation.device
    with ExitStack() as undo, Netlink() as here, netns.socket_in(endpoint.netns) as there:
        if not _pair_is_whole(here, there, endpoint):
            links.delete(here, [device])
            undo.callback(detach, device)
            _create(here, endpoint)
        set_up_host(device)
        _set_up_ipv6(endpoint)
        index = links.get(here, device).index
        _configure_pod(there, endpoint)
        here.execute(_in_order(host_entries(endpoint.allocation, index, endpoint.node_addresses)))
        undo.pop_all()
    return endpoint.made()


def set_up_host(device: str) -> None:
    """The kernel's settings for the host's end: what it takes from the container, and what not."""
    sysctl.write(f"net/ipv4/conf/{device}/rp_filter", 1)  # a pod sends from its own address only
    if sysctl.exists(ipv6 := f"net/ipv6/conf/{device}"):
        sysctl.write(f"{ipv6}/accept_ra", 0)
        sysctl.write(f"{ipv6}/addr_gen_mode", _NO_LINK_LOCAL)


def detach(device: str) -> None:
    """Removes the pair, and with it every route and neighbour over it; gone is gone."""
    with Netlink() as netlink:
        links.delete(netlink, [device])


def host_entries(allocation: Allocation, index: int, node_addresses: Mapping[int, IPAddress]) -> Entries:
    """What the host's tables hold for an endpoint whose device has that index."""
    mac = pod_mac(allocation.device)
    held = allocation.addresses
    return Entries(
        routes=frozenset(Route(routes.host(it), index, source=node_addresses.get(it.version)) for it in held),
        neighbours=frozenset(Neighbour(it, mac, index) for it in held),
    )


def faults(endpoint: Endpoint) -> list[str]:
    """What is not as it should be, in words; for CHECK."""
    held = endpoint.allocation
    with Netlink() as here, netns.socket_in(endpoint.netns) as there:
        host, pod = links.find(here, held.device), links.find(there, held.ifname)
        if host is None or pod is None:
            name = f"{held.device} on the node" if host is None else f"{held.ifname} in the container"
            return [f"there is no device {name}"]
        found = [f"the device {link.name} is down" for link in (host, pod) if not link.up]
        wanted = host_entries(held, host.index, endpoint.node_addresses)
        missing = entries.additions(entries.read(here), wanted)
        missing += entries.additions(entries.read(there), _pod_entries(endpoint, pod.index))
        return found + [f"missing: {message.what.removeprefix('add ')}" for message in missing]


def _pair_is_whole(here: Netlink, there: Netlink, endpoint: Endpoint) -> bool:
    host = links.find(here, endpoint.allocation.device)
    pod = links.find(there, endpoint.allocation.ifname)
    return host is not None and pod is not None and (host.peer, pod.peer) == (pod.index, host.index)


def _create(here: Netlink, endpoint: Endpoint) -> None:
    held = endpoint.allocation
    host = Link(held.device, mac=HOST_MAC, mtu=endpoint.mtu)
    pod = Link(held.ifname, mac=pod_mac(held.device), mtu=endpoint.mtu)
    with netns.opened(endpoint.netns) as target:
        here.execute([links.create_veth(host, pod, target)])


def _set_up_ipv6(endpoint: Endpoint) -> None:
    """The kernel's settings for IPv6, before the container's end goes up: the defaults may have it off."""
    held = endpoint.allocation
    if all(address.version == 4 for address in held.addresses):
        return
    sysctl.write(f"net/ipv6/conf/{held.device}/disable_ipv6", 0)
    with netns.entered(endpoint.netns):
        for scope in ("lo", held.ifname):
            sysctl.write(f"net/ipv6/conf/{scope}/disable_ipv6", 0)
        sysctl.write(f"net/ipv6/conf/{held.ifname}/accept_ra", 0)
        sysctl.write(f"net/ipv6/conf/{held.ifname}/accept_dad", 0)


def _configure_pod(there: Netlink, endpoint: Endpoint) -> None:
    held = endpoint.allocation
    links.set_up(there, "lo")
    links.set_up(there, held.ifname)
    index = links.get(there, held.ifname).index
    there.execute(_in_order(_pod_entries(endpoint, index)))


def _pod_entries(endpoint: Endpoint, index: int) -> Entries:
    held = endpoint.allocation.addresses
    hops = {GATEWAYS[address.version] for address in held}
    ways = {Route(routes.default(hop.version), index, via=hop, onlink=hop.version == 4) for hop in hops}
    return Entries(
        addresses=frozenset(Address(ip_interface(address), index) for address in held),
        routes=frozenset(ways),
        neighbours=frozenset(Neighbour(hop, HOST_MAC, index) for hop in hops),
    )


def _in_order(wanted: Entries) -> Iterable[Message]:
    yield from map(addresses.add, wanted.addresses)
    yield from map(neighbours.add, wanted.neighbours)
    yield from map(routes.add, wanted.routes)
