"""What a node's DNS server must know besides the API."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

PORT = 10053
"""Where servers listen on their nodes: 53 often is taken. Clients use port 53 of the Service."""
METRICS_PORT = 9153


@dataclass(frozen=True)
class DnsConfig:
    """Settings of one server.

    It listens on `addresses`, port `port`, by UDP and TCP. Pods (`cluster_cidrs`), nodes and this host are
    answered and nobody else: a node may have a public address. Questions outside of `domain` go to the
    resolvers of `resolv_conf`. Clients know the server by `service_addresses`. `metrics_port` 0 switches
    metrics off.
    """

    addresses: tuple[str, ...]
    service_addresses: tuple[str, ...] = ("10.43.0.10",)
    domain: str = "cluster.local"
    port: int = PORT
    metrics_port: int = METRICS_PORT
    cluster_cidrs: tuple[str, ...] = ("10.42.0.0/16",)
    resolv_conf: Path = Path("/etc/resolv.conf")
