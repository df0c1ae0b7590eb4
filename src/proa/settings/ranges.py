"""How the ranges of pods and Services must fit each other: one or two of each, a family each. Pure.

The first of each is of the cluster's primary family.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from proa.errors import UserError

Network = IPv4Network | IPv6Network

_DNS = 10
"""Which address of a range the cluster's DNS has, as on k3s."""
_FEWEST = 8
_MOST_NODE_BITS = 16
"""How much larger than a node's range an IPv6 range may be; kube-controller-manager's limit."""


def dns_addresses(service_cidr: Sequence[str]) -> tuple[str, ...]:
    """The tenth address of each range. UserError for a range that has none."""
    for cidr in service_cidr:
        if ip_network(cidr).num_addresses <= _DNS:
            raise UserError(f"--service-cidr: {cidr} has no tenth address for DNS: give --cluster-dns")
    return tuple(str(ip_network(cidr)[_DNS]) for cidr in service_cidr)


def check(
    cluster_cidr: Sequence[str],
    service_cidr: Sequence[str],
    cluster_dns: Sequence[str],
    mask_sizes: dict[int, int],
) -> None:
    """UserError for ranges that cannot make a cluster; `mask_sizes` are by the version of IP."""
    pods, services = _networks("--cluster-cidr", cluster_cidr), _networks("--service-cidr", service_cidr)
    if [it.version for it in pods] != [it.version for it in services]:
        raise UserError(
            f"--cluster-cidr is {_families(pods)}, --service-cidr {_families(services)}:"
            " give both the same families in the same order"
        )
    for mine, theirs in ((p, s) for p in pods for s in services if p.version == s.version):
        if mine.overlaps(theirs):
            raise UserError(f"--cluster-cidr: {mine} overlaps {theirs} of --service-cidr")
    for network in pods:
        _check_mask(network, mask_sizes[network.version])
    for network in services:
        if network.num_addresses < _FEWEST:
            raise UserError(f"--service-cidr: {network} is too small: give at least {_FEWEST} addresses")
    _check_dns(cluster_dns, services)


def check_addresses(flag: str, found: Sequence[str]) -> None:
    """UserError unless these are at most one address a family."""
    versions = [ip_address(text).version for text in found]
    if len(set(versions)) != len(versions):
        raise UserError(f"{flag}: {', '.join(found)}: give one address, or one of IPv4 and one of IPv6")


def _networks(flag: str, texts: Sequence[str]) -> list[Network]:
    found = [ip_network(text) for text in texts]
    if not found:
        raise UserError(f"{flag}: give a network, or one of IPv4 and one of IPv6")
    if len({it.version for it in found}) != len(found):
        raise UserError(f"{flag}: {', '.join(texts)}: give one network, or one of IPv4 and one of IPv6")
    return found


def _families(networks: Sequence[Network]) -> str:
    return " then ".join(f"IPv{it.version}" for it in networks)


def _check_mask(network: Network, size: int) -> None:
    flag = f"--node-cidr-mask-size-ipv{network.version}"
    if not network.prefixlen <= size <= network.max_prefixlen - 2:
        raise UserError(
            f"--cluster-cidr: {network} has no room for a /{size} per node: give a larger network or {flag}"
        )
    if network.version == 6 and size - network.prefixlen > _MOST_NODE_BITS:
        raise UserError(
            f"--cluster-cidr: {network} is too large for a /{size} per node:"
            f" give a /{size - _MOST_NODE_BITS} or smaller, or {flag}"
        )


def _check_dns(addresses: Sequence[str], services: Sequence[Network]) -> None:
    check_addresses("--cluster-dns", addresses)
    for text in addresses:
        if not any(ip_address(text) in network for network in services):
            ranges = ", ".join(map(str, services))
            raise UserError(f"--cluster-dns: {text} is not within --service-cidr {ranges}")
