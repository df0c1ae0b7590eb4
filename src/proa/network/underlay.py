"""Which device carries traffic between nodes, and with which address."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Interface

from proa.errors import UserError
from proa.kernel import addresses, links, routes
from proa.kernel.addresses import Address
from proa.kernel.links import Link
from proa.kernel.netlink import Netlink
from proa.kernel.routes import Route
from proa.network.backends.base import Underlay


def find(netlink: Netlink, *, node_ip: IPv4Address | None = None, interface: str = "") -> Underlay:
    """The underlay of the socket's namespace; UserError says what to give when there is none."""
    return choose(
        links.all_links(netlink),
        addresses.all_addresses(netlink),
        routes.all_routes(netlink),
        node_ip=node_ip,
        interface=interface,
    )


def choose(
    devices: Sequence[Link],
    held: Sequence[Address],
    ways: Iterable[Route],
    *,
    node_ip: IPv4Address | None = None,
    interface: str = "",
) -> Underlay:
    """The device with `node_ip`, or `interface`, or the one of the default route, or the first in use."""
    by_index = {link.index: link for link in devices}
    if interface and interface not in {link.name for link in devices}:
        raise UserError(f"--flannel-iface {interface}: there is no such device")
    found = [(by_index[it.index], it.interface) for it in held if isinstance(it.interface, IPv4Interface)]
    if node_ip or interface:
        found = [it for it in found if interface in {"", it[0].name} and node_ip in {None, it[1].ip}]
    else:
        defaults = {way.index for way in ways if way.destination == routes.default(4)}
        found = sorted((it for it in found if _global(*it)), key=lambda it: it[0].index not in defaults)
    for link, address in found:
        return Underlay(link.name, link.index, link.mtu or 1500, address)
    raise UserError(_nothing(node_ip, interface))


def _global(link: Link, address: IPv4Interface) -> bool:
    return link.up and not (address.is_loopback or address.is_link_local or link.name.startswith("proa"))


def _nothing(node_ip: IPv4Address | None, interface: str) -> str:
    if node_ip and interface:
        return f"--node-ip {node_ip} is not an address of --flannel-iface {interface}"
    if node_ip:
        return f"--node-ip {node_ip}: no network device has this address"
    if interface:
        return f"--flannel-iface {interface}: the device has no IPv4 address"
    return "no network device in use has an IPv4 address: give one with --node-ip"
