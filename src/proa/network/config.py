"""What an agent must be told."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from proa.kernel.routes import IPAddress, Network
from proa.network.backends.base import Peer
from proa.network.netconf import NetConf


@dataclass(frozen=True, slots=True)
class NetworkConfig:
    """What an agent must be told.

    `node_ips` (one of a family) or `interface` choose the underlay; without both it is the device of the
    default route. `ipv6_masquerade` hides pods' IPv6 addresses outside of the cluster as IPv4 ones are.
    `subnets` are this node's ranges where no Kubernetes assigns them, `peers` are nodes known beforehand.
    """

    node_name: str
    data_dir: Path
    socket: Path
    cni_conf_dir: Path
    bin_dir: Path
    conf: NetConf
    node_ips: tuple[IPAddress, ...] = ()
    interface: str = ""
    ipv6_masquerade: bool = False
    subnets: tuple[Network, ...] = ()
    peers: tuple[Peer, ...] = field(default=())
