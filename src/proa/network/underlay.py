"""Which devices carry traffic between nodes, and with which addresses."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from proa.errors import UserError
from proa.kernel import addresses, links, routes
from proa.kernel.addresses import Address, Interface
from proa.kernel.links import Link
from proa.kernel.netlink import Netlink
from proa.kernel.routes import IPAddress, Route
from proa.network.backends.base import Underlay


def find(
    netlink: Netlink, version: int, *, node_ips: Iterable[IPAddress] = (), interface: str = ""
) -> Underlay:
    """The underlay of the socket's namespace in IPv4 or IPv6; UserError says what to give when none is."""
    return choose(
        links.all_links(netlink),
        addresses.all_addresses(netlink),
        routes.all_routes(netlink),
        version,
        node_ips=node_ips,
        interface=interface,
    )


def choose(
    devices: Sequence[Link],
    held: Sequence[Address],
    ways: Iterable[Route],
    version: int,
    *,
    node_ips: Iterable[IPAddress] = (),
    interface: str = "",
) -> Underlay:
    """The device with the one of `node_ips` that is of this IP version, or `interface`, or the device of
    the default route, or the first in use. Addresses that last come before others.
    """
    by_index = {link.index: link for link in devices}
    node_ip = next((address for address in node_ips if address.version == version), None)
    if interface and interface not in {link.name for link in devices}:
        raise UserError(f"--flannel-iface {interface}: there is no such device")
    ordered = sorted(held, key=lambda it: not it.lasting)
    found = [(by_index[it.index], it.interface) for it in ordered if it.interface.version == version]
    found = [it for it in found if interface in {"", it[0].name}]
    if node_ip:
        found = [it for it in found if it[1].ip == node_ip]
    elif interface:
        found = [it for it in found if version == 4 or not it[1].is_link_local]
    else:
        defaults = {way.index for way in ways if way.destination == routes.default(version)}
        found = sorted((it for it in found if _global(*it)), key=lambda it: it[0].index not in defaults)
    for link, address in found:
        return Underlay(link.name, link.index, link.mtu or 1500, address)
    raise UserError(_nothing(version, node_ip, interface))


def _global(link: Link, address: Interface) -> bool:
    return link.up and not (address.is_loopback or address.is_link_local or link.name.startswith("proa"))


def _nothing(version: int, node_ip: IPAddress | None, interface: str) -> str:
    if node_ip and interface:
        return f"--node-ip {node_ip} is not an address of --flannel-iface {interface}"
    if node_ip:
        return f"--node-ip {node_ip}: no network device has this address"
    if interface:
        return f"--flannel-iface {interface}: the device has no IPv{version} address"
    return f"no network device in use has an IPv{version} address: give one with --node-ip"
