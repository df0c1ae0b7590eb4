"""The pod network of a cluster as flannel's net-conf JSON describes it.

Keys: EnableIPv4 (true), Network, SubnetLen (24), SubnetMin, SubnetMax; EnableIPv6 (false), IPv6Network,
IPv6SubnetLen (64), IPv6SubnetMin, IPv6SubnetMax; Backend {Type, ...} (vxlan).
Source: flannel, configuration page.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from proa.errors import UserError
from proa.kernel.routes import Network
from proa.network import backends
from proa.network.backends.base import Backend


@dataclass(frozen=True, slots=True)
class Range:
    """The pod network in one IP family: nodes have subnets of this length, from `first` to `last`."""

    network: Network
    subnet_length: int
    first: Network
    last: Network


@dataclass(frozen=True, slots=True)
class NetConf:
    """The pod network of the cluster; IPv4 comes before IPv6."""

    ranges: tuple[Range, ...]
    backend: Backend

    @property
    def networks(self) -> tuple[Network, ...]:
        """Where all pods are."""
        return tuple(part.network for part in self.ranges)

    @property
    def default_subnets(self) -> tuple[Network, ...]:
        """The ranges of a node that nobody assigned any to: the first ones."""
        return tuple(part.first for part in self.ranges)


@dataclass(frozen=True, slots=True)
class _Family:
    """How one IP family stands in net-conf: what its keys begin with, and flannel's limits."""

    version: int
    prefix: str
    enabled: bool
    length: int
    smallest: int
    example: str

    @property
    def keys(self) -> tuple[str, ...]:
        names = (f"{self.prefix}{name}" for name in ("Network", "SubnetLen", "SubnetMin", "SubnetMax"))
        return (f"EnableIPv{self.version}", *names)

    @property
    def longest(self) -> int:
        return (32 if self.version == 4 else 128) - 2


_FAMILIES = (
    _Family(4, "", enabled=True, length=24, smallest=28, example="10.42.0.0/16"),
    _Family(6, "IPv6", enabled=False, length=64, smallest=124, example="fd42::/48"),
)
_KEYS = {"Backend", *(key for family in _FAMILIES for key in family.keys)}


def parse_net_conf(text: str | bytes, where: str = "net-conf") -> NetConf:
    """net-conf.json as values; UserError names the key that is wrong."""
    try:
        conf = json.loads(text)
    except ValueError as error:
        raise UserError(f"{where} is not JSON: {error}") from error
    if not isinstance(conf, dict):
        raise UserError(f"{where} must be a JSON object")
    if unknown := sorted(conf.keys() - _KEYS):
        raise UserError(f"{where}: unknown key {unknown[0]}; the keys are: {', '.join(sorted(_KEYS))}")
    enabled = [family for family in _FAMILIES if _is_enabled(conf, family, where)]
    if not enabled:
        raise UserError(f"{where}: EnableIPv4 or EnableIPv6 must be true")
    ranges = tuple(_range(conf, family, where) for family in enabled)
    return NetConf(ranges, backends.parse(_backend(conf, where)))


def read_net_conf(path: Path) -> NetConf:
    """The net-conf file at `path`."""
    try:
        return parse_net_conf(path.read_bytes(), str(path))
    except OSError as error:
        raise UserError(f"{path}: {(error.strerror or '').lower()}") from error


def net_conf(cluster_cidrs: Sequence[str], flag: str = "vxlan") -> NetConf:
    """The pod network for k3s's `--cluster-cidr`, one of each family, and `--flannel-backend`."""
    conf: dict[str, Any] = {"Backend": flannel_backend(flag), "EnableIPv4": False}
    for cidr in cluster_cidrs:
        family = _FAMILIES[":" in cidr]
        conf |= {f"EnableIPv{family.version}": True, f"{family.prefix}Network": cidr}
    return parse_net_conf(json.dumps(conf), "--cluster-cidr")


def flannel_backend(flag: str) -> dict[str, Any]:
    """net-conf's Backend object for a value of k3s's `--flannel-backend`; UserError for another one."""
    options = {"Type": flag}
    backends.parse(options)
    return options


def _is_enabled(conf: Mapping[str, Any], family: _Family, where: str) -> bool:
    key = f"EnableIPv{family.version}"
    value = conf.get(key, family.enabled)
    if not isinstance(value, bool):
        raise UserError(f"{where}: {key} must be true or false, not {value!r}")
    return value


def _backend(conf: Mapping[str, Any], where: str) -> Mapping[str, Any]:
    backend = conf.get("Backend", {})
    if not isinstance(backend, dict):
        raise UserError(f'{where}: Backend must be an object such as {{"Type": "vxlan"}}')
    return backend


def _range(conf: Mapping[str, Any], family: _Family, where: str) -> Range:
    key = f"{where}: {family.prefix}"
    network = _network(conf.get(f"{family.prefix}Network"), family, f"{key}Network")
    length = _subnet_length(conf.get(f"{family.prefix}SubnetLen"), network, family, f"{key}SubnetLen")
    second, final = _bounds(network, length)
    first = _aligned(conf.get(f"{family.prefix}SubnetMin"), second, network, f"{key}SubnetMin")
    last = _aligned(conf.get(f"{family.prefix}SubnetMax"), final, network, f"{key}SubnetMax")
    if int(last.network_address) < int(first.network_address):
        low, high = first.network_address, last.network_address
        raise UserError(f"{key}SubnetMax {high} is below {family.prefix}SubnetMin {low}")
    return Range(network, length, first, last)


def _network(value: object, family: _Family, what: str) -> Network:
    if value is None:
        raise UserError(f"{what} is missing: give the range of all pods, such as {family.example}")
    try:
        network = ip_network(str(value))
    except ValueError as error:
        raise UserError(f"{what}: {error}") from error
    if network.version != family.version:
        raise UserError(f"{what}: {network} is not an IPv{family.version} network")
    if network.prefixlen > family.smallest:
        raise UserError(f"{what}: {network} is too small; the smallest is a /{family.smallest}")
    return network


def _subnet_length(value: object, network: Network, family: _Family, what: str) -> int:
    least = network.prefixlen + 2
    if value is None:
        return max(family.length, least)
    if type(value) is not int or not least <= value <= family.longest:
        limit = f"a number from {least} to {family.longest}"
        raise UserError(f"{what} must be {limit} within {network}, not {value!r}")
    return value


def _bounds(network: Network, length: int) -> tuple[Network, Network]:
    """The second and the last subnet: flannel leaves the first one alone."""
    size = 1 << (network.max_prefixlen - length)
    second = type(network)((int(network.network_address) + size, length))
    return second, type(network)((int(network.broadcast_address) + 1 - size, length))


def _aligned(value: object, default: Network, network: Network, what: str) -> Network:
    if value is None:
        return default
    try:
        subnet = type(default)((str(value), default.prefixlen))
    except ValueError as error:
        raise UserError(f"{what}: {value} is not the first address of a /{default.prefixlen}") from error
    if not network.supernet_of(subnet):  # type: ignore[arg-type]
        raise UserError(f"{what}: {value} is not within {network}")
    return subnet
