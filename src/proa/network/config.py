"""Configuration: flannel's net-conf JSON, and what an agent must be told.

net-conf keys: Network (required), SubnetLen (24), SubnetMin, SubnetMax, EnableIPv4 (true),
Backend {Type, ...} (vxlan). Source: flannel, configuration page.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, ip_network
from pathlib import Path
from typing import Any

from proa.errors import UserError
from proa.kernel.routes import Network
from proa.network import backends
from proa.network.backends.base import Backend, Peer

_KEYS = {"Network", "SubnetLen", "SubnetMin", "SubnetMax", "EnableIPv4", "Backend"}
_SMALLEST = 28  # a network below it has no room for nodes


@dataclass(frozen=True, slots=True)
class NetConf:
    """The pod network of the cluster."""

    network: IPv4Network
    subnet_length: int
    first: IPv4Network
    last: IPv4Network
    backend: Backend

    @property
    def default_subnet(self) -> IPv4Network:
        """The range of a node that nobody assigned one to: the first."""
        return self.first


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
    if not conf.get("EnableIPv4", True):
        raise UserError(f"{where}: EnableIPv4 must be true")
    network = _network(conf.get("Network"), f"{where}: Network")
    length = _subnet_length(conf.get("SubnetLen"), network, where)
    subnets = _bounds(network, length)
    first = _aligned(conf.get("SubnetMin"), subnets[0], network, f"{where}: SubnetMin")
    last = _aligned(conf.get("SubnetMax"), subnets[1], network, f"{where}: SubnetMax")
    if last < first:
        raise UserError(
            f"{where}: SubnetMax {last.network_address} is below SubnetMin {first.network_address}"
        )
    return NetConf(network, length, first, last, backends.parse(_backend(conf, where)))


def read_net_conf(path: Path) -> NetConf:
    """The net-conf file at `path`."""
    try:
        return parse_net_conf(path.read_bytes(), str(path))
    except OSError as error:
        raise UserError(f"{path}: {(error.strerror or '').lower()}") from error


def flannel_backend(flag: str) -> dict[str, Any]:
    """net-conf's Backend object for a value of k3s's `--flannel-backend`; UserError for another one."""
    options = {"Type": flag}
    backends.parse(options)
    return options


def net_conf(cluster_cidr: str, flag: str = "vxlan") -> NetConf:
    """The pod network for k3s's `--cluster-cidr` and `--flannel-backend`."""
    return parse_net_conf(
        json.dumps({"Network": cluster_cidr, "Backend": flannel_backend(flag)}), "--cluster-cidr"
    )


@dataclass(frozen=True, slots=True)
class NetworkConfig:
    """What an agent must be told.

    `node_ip` or `interface` choose the underlay; without both it is the device of the default route.
    `subnets` is this node's range where no Kubernetes assigns one, `peers` are nodes known beforehand.
    """

    node_name: str
    data_dir: Path
    socket: Path
    cni_conf_dir: Path
    bin_dir: Path
    conf: NetConf
    node_ip: IPv4Address | None = None
    interface: str = ""
    subnets: tuple[Network, ...] = ()
    peers: tuple[Peer, ...] = field(default=())


def _backend(conf: Mapping[str, Any], where: str) -> Mapping[str, Any]:
    backend = conf.get("Backend", {})
    if not isinstance(backend, dict):
        raise UserError(f'{where}: Backend must be an object such as {{"Type": "vxlan"}}')
    return backend


def _network(value: object, what: str) -> IPv4Network:
    if value is None:
        raise UserError(f"{what} is missing: give the range of all pods, such as 10.42.0.0/16")
    try:
        network = ip_network(str(value))
    except ValueError as error:
        raise UserError(f"{what}: {error}") from error
    if not isinstance(network, IPv4Network):
        raise UserError(f"{what}: {network} is not an IPv4 network")
    if network.prefixlen > _SMALLEST:
        raise UserError(f"{what}: {network} is too small; the smallest is a /{_SMALLEST}")
    return network


def _subnet_length(value: object, network: IPv4Network, where: str) -> int:
    if value is None:
        return 24 if network.prefixlen <= 22 else network.prefixlen + 2
    if not isinstance(value, int) or not network.prefixlen + 2 <= value <= 30:
        limit = f"a number from {network.prefixlen + 2} to 30"
        raise UserError(f"{where}: SubnetLen must be {limit} within {network}, not {value!r}")
    return value


def _bounds(network: IPv4Network, length: int) -> tuple[IPv4Network, IPv4Network]:
    """The second and the last subnet: flannel leaves the first one alone."""
    size = 1 << (32 - length)
    second = IPv4Network((int(network.network_address) + size, length))
    return second, IPv4Network((int(network.broadcast_address) + 1 - size, length))


def _aligned(value: object, default: IPv4Network, network: IPv4Network, what: str) -> IPv4Network:
    if value is None:
        return default
    try:
        subnet = IPv4Network((str(value), default.prefixlen))
    except ValueError as error:
        raise UserError(f"{what}: {value} is not the first address of a /{default.prefixlen}") from error
    if not subnet.subnet_of(network):
        raise UserError(f"{what}: {value} is not within {network}")
    return subnet
