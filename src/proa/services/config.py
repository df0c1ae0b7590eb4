"""What a node's service proxy must know besides the API."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ServiceProxyConfig:
    """Settings of one node's proxy.

    `node_ips` are the node's primary addresses, one a family: there NodePorts answer. Sources outside
    of `cluster_cidrs` are masqueraded on their way to a ClusterIP; `service_cidrs` are the ranges in
    which an address that no Service has is refused.
    """

    node_name: str
    node_ips: tuple[str, ...]
    cluster_cidrs: tuple[str, ...] = ("10.42.0.0/16",)
    service_cidrs: tuple[str, ...] = ("10.43.0.0/16",)
