"""Hosts on one machine: network namespaces on a bridge, for `proa up --nodes N` and for tests.

Every function makes what it names so and may be called again.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address

from proa.kernel import addresses, forwarding, links, netns, nftables, routes
from proa.kernel.addresses import Address, Interface
from proa.kernel.links import Link
from proa.kernel.netlink import Netlink
from proa.kernel.routes import Network, Route


def ensure_bridge(name: str, *own: Interface) -> int:
    """The bridge `name` with these addresses, up; returns its index.

    Its MAC is its own: one borrowed from a port would change as ports come and go.
    """
    with Netlink() as netlink:
        index = links.ensure(netlink, Link(name, "bridge", mac=links.derived_mac(f"{name} {own[0]}")))
        netlink.execute([addresses.add(Address(address, index)) for address in own])
    return index


def attach(
    namespace: str,
    *,
    bridge: str,
    host_device: str,
    address: Interface,
    gateway: IPv4Address | IPv6Address,
    device: str = "eth0",
) -> None:
    """The namespace (made when missing) hangs on the bridge by a veth pair and goes out by `gateway`."""
    path = netns.create(namespace)
    with Netlink() as here, netns.socket_in(path) as there:
        if links.find(there, device) is None:
            links.delete(here, [host_device])
            host = Link(host_device, master=links.get(here, bridge).index)
            with netns.opened(path) as target:
                here.execute([links.create_veth(host, Link(device), target)])
        index = links.ensure(there, Link(device, "veth"))
        out = Route(routes.default(address.version), index, via=gateway, protocol=routes.STATIC)
        there.execute([addresses.add(Address(address, index)), routes.add(out)])


def detach(namespace: str) -> None:
    """Removes the namespace and its veth pair with it."""
    netns.delete(namespace)


def masquerade(chain: str, networks: Sequence[Network]) -> None:
    """Makes this host forward; what leaves a network for elsewhere then carries this host's address."""
    for network in networks:
        forwarding.enable(network.version)
    rules = [rule for network in networks for rule in nftables.masquerade(network)]
    with nftables.Nftables() as nft:
        nft.apply([nftables.Chain(chain, tuple(rules), hook=nftables.SRCNAT)])
